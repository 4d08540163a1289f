import ConsoleResources
import HTTPEdge
import JOSE
import Libcrypto
import NIOCore
import NIOHTTP1
import Testing

@testable import TokenHTTP

@Suite("The page of the console")
struct ConsoleDocumentTests {
    private let document: ConsoleDocument
    private let text: String

    init() throws {
        document = try ConsoleDocument()
        text = String(buffer: document.body)
    }

    /// What stands in the only element of this name.
    private func content(_ name: String) throws -> String {
        let parts = text.split(separator: "<\(name)>", omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        return String(parts[1].split(separator: "</\(name)>", omittingEmptySubsequences: false)[0])
    }

    @Test("It is one document under 100 kB")
    func size() { #expect(document.body.readableBytes < 100_000) }

    @Test("CSP Level 3: the policy allows the style and the script of the page by their hashes, and nothing else")
    func hashes() throws {
        for (name, directive) in [("style", "style-src"), ("script", "script-src")] {
            let digest = try HashFunction.sha256.digest(of: Array(try content(name).utf8).span)
            #expect(document.policy.contains("\(directive) 'sha256-\(Base64.encode(digest))';"))
        }
        for word in ["unsafe", "*", "http:", "https:"] { #expect(!document.policy.contains(word)) }
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
            #expect(document.policy.contains(part))
        }
        #expect(document.policy.contains("connect-src 'self'"))
    }

    @Test("It has no handler and no style in an attribute, and makes markup of no text")
    func attributes() throws {
        let markup = text.replacing(try content("script"), with: "").replacing(try content("style"), with: "")
        #expect(try Regex("<[^>]* (on[a-z]+|style)=").firstMatch(in: markup) == nil)
        let script = try content("script")
        for name in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setTimeout(\"",
        ] {
            #expect(!script.contains(name), "\(name)")
        }
    }

    @Test("It names no other server")
    func servers() throws {
        let urls = text.matches(of: /https?:\/\/[^\s'"<]*/).map { String($0.output) }
        #expect(Set(urls) == ["http://www.w3.org/2000/svg"])
    }

    @Test("A script that held an end tag would end too early")
    func endTags() throws {
        for part in [ConsolePage.script, ConsolePage.style] {
            #expect(!String(decoding: part, as: UTF8.self).contains("</"))
        }
    }

    @Test("No cache keeps a response, no other page frames it or reads it, and no other page learns of it")
    func fields() {
        let fields = document.response.fields
        #expect(fields["Cache-Control"] == ["no-store"])
        #expect(fields["X-Content-Type-Options"] == ["nosniff"])
        #expect(fields["Referrer-Policy"] == ["no-referrer"])
        #expect(fields["Content-Security-Policy"] == [document.policy])
        #expect(!fields.contains { $0.name.lowercased().hasPrefix("access-control") })
    }
}
