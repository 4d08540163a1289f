import NIOHTTP1
import Testing
import WireText

@testable import HTTPEdge

@Suite("Rules for the head of a request")
struct RequestHeadRulesTests {
    @Test(
        "RFC 9110 section 7.2: a valid Host is accepted",
        arguments: [
            "", "localhost", "tokens.example.com:8443", "192.0.2.1", "[2001:db8::17]", "[::1]:80", "a:",
            "xn--a_b~c!$&'()*+,;=", "%C3%A4",
        ])
    func validHost(text: String) {
        #expect(HostField.isValid(Octets(text)))
    }

    @Test(
        "RFC 9110 section 7.2: an invalid Host is refused",
        arguments: [
            "a b", "u@a", "a/b", "a:b", "a:1:2", "[::1", "[]", "[::1]80", "a?b", "a#b", "é", "a\\b", "a\"b",
            "a\u{600}:80", "a\u{301}", "\u{212A}", "a:\u{661}",
        ])
    func invalidHost(text: String) {
        #expect(!HostField.isValid(Octets(text)))
    }

    @Test("RFC 9112 section 3.2: HTTP/1.0 needs no Host, and has no transfer coding")
    func oldClients() {
        func head(_ fields: HTTPHeaders, _ version: HTTPVersion) -> HTTPRequestHead {
            HTTPRequestHead(version: version, method: .GET, uri: "/", headers: fields)
        }
        #expect(RequestHeadRules.isWellFramed(head([:], .http1_0)))
        #expect(!RequestHeadRules.isWellFramed(head([:], .http1_1)))
        #expect(!RequestHeadRules.isWellFramed(head(["Host": "a", "Transfer-Encoding": "chunked"], .http1_0)))
        #expect(RequestHeadRules.isWellFramed(head(["Host": "a \t", "Transfer-Encoding": "Chunked \t"], .http1_1)))
    }

    @Test(
        "RFC 9110 section 8.6: a length has digits alone",
        arguments: [("5", 5), ("007", 7), (" 5\t", 5), ("99999999999999999999", Int.max)] as [(String, Int)])
    func lengths(text: String, length: Int) throws {
        #expect(try RequestHeadRules.contentLength(["Content-Length": text]).get() == length)
    }

    @Test(
        "RFC 9110 section 8.6: anything else is no length",
        arguments: ["", "+5", "-1", "5,5", "0x5", "5\u{301}", "\u{661}"])
    func noLengths(text: String) {
        #expect(throws: RequestHeadRules.InvalidContentLength.self) {
            try RequestHeadRules.contentLength(["Content-Length": text]).get()
        }
    }

    @Test(
        "RFC 9110 section 9.1: a method is a token",
        arguments: [("GET", true), ("", false), ("G T", false), ("GE\u{301}T", false)])
    func methods(text: String, isToken: Bool) {
        #expect(RequestHeadRules.isToken(text) == isToken)
    }
}
