import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct ClientImportTests {
    private let fixture: ExportFixture

    init() throws { fixture = try ExportFixture() }

    private static func registration(_ id: String, _ members: String = "") -> String {
        #"{ "client_id": "\#(id)", "client_secret": "a-registered-secret-of-a-client", "grant_types": ["client_credentials"]\#(members) }"#
    }

    @Test("Two clients with one identifier are refused, each named once")
    func refusesRepetitions() throws {
        let export = ["a", "b", "a"].map { Self.registration($0) }.joined()
        #expect(
            try fixture.messages([export, Self.registration("b")], from: .rfc7591) == [
                "has the client a twice", "has the client b twice",
            ])
    }

    @Test(
        "What is no export of the product is refused",
        arguments: [
            ("", "cannot be used: the file is empty, at octet 0"), ("{}", "is no export of rfc7591"),
            ("[]", "is no export of rfc7591"),
            ("clients:\n", "cannot be used: not an object, at octet 0"),
            (#"{"clients":[]}"#, "is no export of rfc7591"),
            (#"{"scope":"x"}"#, "holds no client of rfc7591"),
            (#"{"client_id":"x","app_type":"spa"}"#, "is an export of auth0"),
        ])
    func refusesOtherFiles(text: String, message: String) throws {
        #expect(try fixture.messages([text], from: .rfc7591) == [message])
    }

    @Test("UTF-16, which PowerShell writes, is refused with the remedy; a byte order mark is skipped")
    func readsMarks() throws {
        let path = FilePath(fixture.folder.path("marked.json"))
        func read(_ octets: [UInt8]) throws -> [String] {
            try Data(octets).write(to: fixture.folder.url.appending(path: "marked.json"))
            do throws(InvalidConfiguration) {
                return try ClientImport(of: [path], from: .rfc7591, .command(), context: nil, now: ExportFixture.now)
                    .clients.map(\.id)
            } catch {
                return error.problems.map(\.message)
            }
        }
        #expect(try read([0xEF, 0xBB, 0xBF] + Array(Self.registration("x").utf8)) == ["x"])
        #expect(try read([0xFF, 0xFE, 0x7B, 0x00]) == ["is UTF-16, and JSON is UTF-8"])
        #expect(try read([0xEF, 0xBB, 0xBF]) == ["cannot be used: the file is empty, at octet 0"])
    }

    @Test(
        "Identifiers that Writ does not accept refuse the client", arguments: UnicodeMarks.all + ["\\n", "\\u001b[31m"])
    func refusesIdentifiers(mark: String) throws {
        let imported = try fixture.client(Self.registration("a\(mark)b"), from: .rfc7591)
        #expect(imported.outcome == .refused && imported.lines.isEmpty)
    }

    @Test(
        "Whatever an export names, the entry reads back as it",
        arguments: [
            "a: b", "- x", "# c", "\\\"quoted\\\"", "{x}", "null", "0x1F", "\\ttab", "line\\nfeed", "\\u0085",
            "\\u2028", "\\u007f", "é", "😀",
            "' \\\" : #",
        ])
    func writesNames(name: String) throws {
        let imported = try fixture.client(Self.registration("x", #", "client_name": "\#(name)""#), from: .rfc7591)
        let expected = try JSONReader.read(Array("\"\(name)\"".utf8)).string
        #expect(imported.client?.name == expected)
    }

    @Test("A profile that forbids the client refuses it")
    func checksContext() throws {
        let context = ClientsContext(
            certificates: CertificateSupport(hasAuthorities: true, canArrive: true), profile: .fapi2)
        let clients = try fixture.clients(of: [Self.registration("x")], from: .rfc7591, context: context)
        #expect(clients[0].outcome == .refused && !clients[0].losses.isEmpty)
    }

    @Test("A file that others can read is reported, and one that others can change refused")
    func checksAccess() throws {
        try fixture.folder.write(Self.registration("x"), to: "open.json", permissions: 0o644)
        let path = FilePath(fixture.folder.path("open.json"))
        let found = try ClientImport(of: [path], from: .rfc7591, .command(), context: nil, now: ExportFixture.now)
        #expect(found.warnings.map(\.message) == ["can be read by every user, and may hold secrets"])
        try fixture.folder.write(Self.registration("x"), to: "open.json", permissions: 0o666)
        #expect(throws: InvalidConfiguration.self) {
            try ClientImport(of: [path], from: .rfc7591, .command(), context: nil, now: ExportFixture.now)
        }
    }

    @Test("A short secret is carried and reported")
    func reportsShortSecrets() throws {
        let export = Self.registration("x").replacing("a-registered-secret-of-a-client", with: "short")
        let imported = try fixture.client(export, from: .rfc7591)
        #expect(imported.outcome == .whole && imported.differences.count == 1)
    }

    @Test("Texts of any length are cut in what is reported")
    func cutsLongTexts() throws {
        let long = String(repeating: "a", count: 100_000)
        let imported = try fixture.client(
            Self.registration(long, #", "scope": "é\#(long)""#), from: .rfc7591)
        #expect(imported.id.utf8.count == 259 && imported.outcome == .refused)
        #expect(imported.losses.allSatisfy { $0.utf8.count < 500 })
    }
}
