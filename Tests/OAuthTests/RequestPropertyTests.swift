import AccessToken
import TestSupport
import Testing

@testable import OAuth

/// Properties of every request: a form is decoded to what the client encoded, and the work is proportional to its
/// length.
@Suite struct RequestPropertyTests {
    private static let characters: [Character] = [
        "a", "Z", "0", " ", "+", "%", "&", "=", ";", ":", "/", "é", "🙂", "\0", "\n",
    ]

    private func text(_ random: inout SeededGenerator) -> String {
        String(
            (0..<Int.random(in: 1..<20, using: &random)).map { _ in Self.characters.randomElement(using: &random) ?? "a"
            })
    }

    /// Encodes a text in one of several ways: RFC 6749 appendix B lets more characters be escaped than must be.
    private func encoded(_ text: String, _ random: inout SeededGenerator) -> String {
        text.utf8.map { octet in
            let scalar = Unicode.Scalar(octet)
            let mayStand = scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber)
            if mayStand, Bool.random(using: &random) { return String(Character(scalar)) }
            if octet == UInt8(ascii: " "), Bool.random(using: &random) { return "+" }
            let digits = String(octet, radix: 16, uppercase: .random(using: &random))
            return "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }

    @Test("RFC 6749 appendix B: a form is decoded to the text that the client encoded", arguments: 0..<300)
    func aFormIsReadAsItWasWritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let parameters = (0..<Int.random(in: 1..<8, using: &random)).map { ("n\($0)", text(&random)) }
        let pairs = parameters.map { "\(encoded($0, &random))=\(encoded($1, &random))" }
        let form = try FormParameters(parsing: Array(pairs.joined(separator: "&").utf8))
        for (name, value) in parameters { #expect(form[name] == value) }
    }

    /// The credentials are sent form-encoded or unchanged.
    @Test("RFC 6749 section 2.3.1: one reading of Basic credentials is what the client sent", arguments: 0..<300)
    func credentialsAreReadAsTheyWereWritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let id = "client-\(Int.random(in: 0..<1000, using: &random))"
        let secret = text(&random)
        let isEncoded = Bool.random(using: &random)
        let header = Fixture.basic(
            isEncoded ? "\(encoded(id, &random)):\(encoded(secret, &random))" : "\(id):\(secret)")
        let request = Fixture.post("grant_type=client_credentials", authorization: [header])
        guard case .secret(let credentials) = try TokenRequest(parsing: request).credentials.kind else {
            Issue.record("no secret")
            return
        }
        #expect(credentials.readings.contains(.init(clientID: try ClientID(id), secret: secret)))
    }

    @Test("A request of random octets does not end the process", arguments: 0..<300)
    func whateverComes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func octets(_ most: Int) -> [UInt8] {
            (0..<Int.random(in: 0..<most, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        }
        let header = "Basic " + String(decoding: octets(60).map { 32 + $0 % 95 }, as: UTF8.self)
        _ = try? TokenRequest(
            parsing: Fixture.post(String(decoding: octets(200), as: UTF8.self), authorization: [header]))
        _ = try? TokenRequest(
            parsing: EndpointRequest(
                url: "https://tokens.example.com/oauth2/token", query: octets(60),
                fields: .init(contentType: "application/x-www-form-urlencoded"), body: octets(200)))
    }

    @Test(
        "The work of parsing a form is proportional to its length",
        arguments: [
            ("", "&"), ("", "a&"), ("a=", "%41"), ("a=", "%"), ("", "resource=a&"), ("a=", "+"), ("a", "="),
        ])
    func noFormTakesMoreThanItsLength(begin: String, part: String) {
        let growth = Effort.growth({ Array((begin + String(repeating: part, count: $0)).utf8) }, from: 4000) {
            _ = try? FormParameters(parsing: $0)
        }
        #expect(growth < 64)
    }

    @Test("The work of parsing many parameters is proportional to their number")
    func manyParametersAreNoMoreWorkEach() {
        let growth = Effort.growth(
            { Array((0..<$0).map { "p\($0)=1" }.joined(separator: "&").utf8) }, from: FormParameters.maximumCount / 16
        ) { _ = try? FormParameters(parsing: $0) }
        #expect(growth < 64)
    }

    @Test(
        "The work of parsing a query is proportional to its length",
        arguments: ["&", "a&", "token%", "client_id%5&", "=", "%"])
    func noQueryTakesMoreThanItsLength(part: String) {
        let growth = Effort.growth({ String(repeating: part, count: $0) }, from: 4000) { query in
            _ = try? TokenRequest(parsing: Fixture.post("grant_type=a", query: query))
        }
        #expect(growth < 64)
    }

    @Test(
        "The work of parsing an Accept field is proportional to its length",
        arguments: ["a,", ",", "a;q=1,", ";", "a;q=0.1;", "=", " ", "/"])
    func noAcceptTakesMoreThanItsLength(part: String) {
        let growth = Effort.growth({ String(repeating: part, count: $0) }, from: 1000) { field in
            _ = AcceptedMediaTypes([field]).prefer("a/b", to: "a/c")
        }
        #expect(growth < 64)
    }

    @Test(
        "The work of parsing an Authorization field is proportional to its length",
        arguments: ["Basic " + "QTpC", "Basic " + " ", "Basic" + "="])
    func noHeaderTakesMoreThanItsLength(part: String) {
        let growth = Effort.growth({ "Basic " + String(repeating: part, count: $0) }, from: 1000) { header in
            _ = try? TokenRequest(parsing: Fixture.post("grant_type=client_credentials", authorization: [header]))
        }
        #expect(growth < 64)
    }

    @Test("The work of parsing a scope is proportional to the number of its tokens")
    func aScopeOfManyTokensIsNoMoreWorkEach() {
        let growth = Effort.growth({ (0..<$0).map { "s\($0)" }.joined(separator: " ") }, from: 500) {
            _ = try? Scope($0)
        }
        #expect(growth < 64)
    }
}
