import AccessToken
import Foundation
import OAuth
import TestSupport
import Testing

@Suite struct AuthenticationTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private static let grant = "grant_type=client_credentials"

    private func post(_ id: String, _ secret: String) -> EndpointRequest {
        Fixture.post("\(Self.grant)&client_id=\(id)&client_secret=\(secret.replacing(" ", with: "+"))")
    }

    private func basic(_ credentials: String, body: String = grant) -> EndpointRequest {
        Fixture.post(body, authorization: [Fixture.basic(credentials)])
    }

    @Test("RFC 6749 section 2.3.1: a secret is accepted by HTTP Basic and in the request body")
    func takesASecretByEitherMethod() throws {
        let byPost = try fixture.authenticate(post("reporting", Fixture.secret))
        #expect(byPost.client.id.description == "reporting")
        #expect(byPost.evidence.method == .clientSecretPost)
        #expect(try fixture.authenticate(basic("reporting:\(Fixture.secret)")).evidence.method == .clientSecretBasic)
    }

    @Test(
        "RFC 6749 section 2.3.1: Basic credentials are accepted form-encoded and unchanged",
        arguments: [
            "odd:p%40ss%3Aw%2Ford%2B%25%26%3D%C3%A9+~", "odd:p%40ss%3Aw%2Ford%2B%25%26%3D%C3%A9%20~",
            "odd:\(Fixture.oddSecret)",
        ])
    func takesBasicEncodedOrNot(credentials: String) throws {
        #expect(try fixture.authenticate(basic(credentials)).client.id.description == "odd")
    }

    @Test("Basic credentials that are not UTF-8 are read as ISO 8859-1")
    func takesBasicInLatin1() throws {
        let octets = "odd:\(Fixture.oddSecret)".unicodeScalars.map { UInt8($0.value) }
        let request = Fixture.post(Self.grant, authorization: [Fixture.basic(octets)])
        #expect(try fixture.authenticate(request).client.id.description == "odd")
    }

    @Test("Basic credentials are taken apart by octets", arguments: UnicodeMarks.all)
    func takesBasicApartByOctets(mark: String) throws {
        let token = Fixture.basic("reporting:\(Fixture.secret)").dropFirst("Basic ".count)
        _ = try fixture.authenticate(Fixture.post(Self.grant, authorization: ["bAsIc  \(token) "]))
        let bad =
            UnicodeMarks.variants(of: "Basic \(token)", at: " ", with: mark)
            + ["\(mark)Basic \(token)", "Ba\(mark)ic \(token)", "Basic \(token)\(mark)", "Basic \(token)=\(mark)"]
        for field in bad {
            #expect(throws: TokenRefusal(.invalidClient)) {
                try fixture.authenticate(Fixture.post(Self.grant, authorization: [field]))
            }
        }
        // Within the base64 the colon is one octet: what stands beside it belongs to the identifier or to the secret.
        for userPass in UnicodeMarks.variants(of: "reporting:\(Fixture.secret)", at: ":", with: mark) {
            #expect(throws: TokenRefusal(.invalidClient)) { try fixture.authenticate(basic(userPass)) }
        }
        let encoded = mark.utf8.map { "%\(String($0, radix: 16))" }.joined()
        for userPass in ["reporting\(encoded):\(Fixture.secret)", "reporting:\(encoded)\(Fixture.secret)"] {
            #expect(throws: TokenRefusal(.invalidClient)) { try fixture.authenticate(basic(userPass)) }
        }
    }

    @Test("A secret is compared octet for octet, and so is a client_id beside Basic credentials")
    func comparesSecretsByOctets() throws {
        let clients = try ClientRegistry([
            try Client(id: ClientID("K"), secrets: [ClientSecret(hash: ClientSecretHash(of: "K\u{E9}"))])
        ])
        func authenticate(_ userPass: String, body: String = "") throws {
            let request = Fixture.post(Self.grant + body, authorization: [Fixture.basic(userPass)])
            _ = try clients.authenticate(
                TokenRequest(parsing: request).credentials, verified: .none, now: Fixture.now
            ).conclude()
        }
        try authenticate("K:K\u{E9}", body: "&client_id=K")
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate("K:\u{212A}\u{E9}") }
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate("K:Ke\u{301}") }
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate("\u{212A}:K\u{E9}") }
        #expect(throws: TokenRefusal(.conflictingClientID)) {
            try authenticate("K:K\u{E9}", body: "&client_id=\u{212A}")
        }
    }

    @Test("A client may have several secrets, and each is accepted until it expires")
    func takesSeveralSecretsWhileTheyLast() throws {
        #expect(throws: Never.self) { try fixture.authenticate(post("reporting", "ending")) }
        #expect(throws: TokenRefusal(.invalidClient)) {
            try fixture.authenticate(post("reporting", "ending"), now: NumericDate(Fixture.now.seconds + 1))
        }
    }

    @Test("RFC 6749 section 5.2: an unknown client, a wrong secret and a wrong method get the same refusal")
    func refusesAlike() {
        let requests = [
            post("reporting", "wrong"), post("nobody", Fixture.secret), post("reporting", "old"),
            post("basic", Fixture.secret), basic("post:\(Fixture.secret)"), basic("reporting:"), basic("nobody:x"),
        ]
        for request in requests {
            #expect(throws: TokenRefusal(.invalidClient)) { try fixture.authenticate(request) }
        }
    }

    @Test("RFC 7591 section 2: a client can authenticate by the method that it is registered for")
    func enforcesTheRegisteredMethod() throws {
        _ = try fixture.authenticate(basic("basic:\(Fixture.secret)"))
        _ = try fixture.authenticate(post("post", Fixture.secret))
    }

    @Test(
        "RFC 7617 section 2: an Authorization field without Basic credentials is refused",
        arguments: ["Basic", "Basic ", "Basic !!!!", "Bearer abc", "basic", "Basic bm9jb2xvbg==", "Digest x=y", ""])
    func refusesWhatIsNotBasic(header: String) {
        let request = Fixture.post(Self.grant, authorization: [header])
        #expect(throws: TokenRefusal(.invalidClient)) { try fixture.authenticate(request) }
    }

    @Test("RFC 9110 section 11.1: the authentication scheme is case-insensitive")
    func takesTheSchemeInAnyCase() throws {
        let header = Fixture.basic("reporting:\(Fixture.secret)").replacing("Basic", with: "bAsIc")
        _ = try fixture.authenticate(Fixture.post(Self.grant, authorization: [header]))
    }

    @Test("RFC 9110 section 11.4: more than one space may follow the authentication scheme")
    func takesMoreThanOneSpaceBehindTheScheme() throws {
        let header = Fixture.basic("reporting:\(Fixture.secret)").replacing("Basic ", with: "Basic   ")
        _ = try fixture.authenticate(Fixture.post(Self.grant, authorization: [header]))
    }

    @Test("A client_id in the body selects the reading of Basic credentials that names the same client")
    func theReadingThatAuthenticatesIsTheOneThatAgrees() throws {
        let secret = ClientSecret(hash: try ClientSecretHash(of: "s"))
        let clients = try ClientRegistry([
            try Client(id: ClientID("a b"), secrets: []), try Client(id: ClientID("a+b"), secrets: [secret]),
        ])
        func authenticate(bodyID: String) throws(TokenRefusal) -> AuthenticatedClient {
            let request = Fixture.post(
                "\(Self.grant)&client_id=\(bodyID)", authorization: [Fixture.basic("a+b:s")])
            return try clients.authenticate(
                TokenRequest(parsing: request).credentials, verified: .none, now: Fixture.now
            ).conclude()
        }
        #expect(try authenticate(bodyID: "a%2Bb").client.id.description == "a+b")
        #expect(throws: TokenRefusal(.invalidClient)) { try authenticate(bodyID: "a+b") }
    }

    @Test("RFC 6749 section 2.3: a request with more than one authentication method is refused")
    func refusesTwoMethods() {
        let header = Fixture.basic("reporting:\(Fixture.secret)")
        let both = Fixture.post("\(Self.grant)&client_secret=x", authorization: [header])
        #expect(throws: TokenRefusal(.twoAuthenticationMethods)) { try fixture.authenticate(both) }
        let twice = Fixture.post(Self.grant, authorization: [header, header])
        #expect(throws: TokenRefusal(.twoAuthenticationMethods)) { try fixture.authenticate(twice) }
    }

    @Test(
        "RFC 6749 section 2.3: an Authorization field that is no client authentication is ignored beside other credentials",
        arguments: [
            [""], [" "], ["Bearer abc"], ["Negotiate YII="], ["DPoP eyJ"], ["Digest x=y"], ["Bearer"], ["Basi"],
            ["Basics abc"], ["Bearer abc, Basic abc"], ["\u{212A}asic x"], ["B\u{301}asic x"],
            ["Bearer a", "DPoP b", ""],
        ])
    func ignoresOtherSchemes(fields: [String]) throws {
        let body = "\(Self.grant)&client_id=reporting&client_secret="
        let good = Fixture.post(body + Fixture.secret.replacing(" ", with: "+"), authorization: fields)
        #expect(try fixture.authenticate(good).evidence.method == .clientSecretPost)
        let wrong = Fixture.post(body + "wrong", authorization: fields)
        #expect(throws: TokenRefusal(.invalidClient)) { try fixture.authenticate(wrong) }
        // Alone they are no credentials.
        #expect(throws: TokenRefusal(.invalidClient)) {
            try fixture.authenticate(Fixture.post(Self.grant, authorization: fields))
        }
    }

    @Test(
        "RFC 6749 section 2.3: Basic credentials beside any others are refused, whatever their scheme is spelled like",
        arguments: ["Basic", "basic ", "BASIC abc", "Basic  bm9jb2xvbg==", "Basic=abc", " Basic abc", "Basic\tabc"])
    func refusesBasicBesideTheBody(field: String) {
        let body = "\(Self.grant)&client_id=reporting&client_secret=\(Fixture.secret.replacing(" ", with: "+"))"
        for fields in [[field], ["Bearer abc", field], [field, ""]] {
            #expect(throws: TokenRefusal(.twoAuthenticationMethods)) {
                try fixture.authenticate(Fixture.post(body, authorization: fields))
            }
        }
        // RFC 9110 section 11.6.2: the field occurs once.
        let header = Fixture.basic("reporting:\(Fixture.secret)")
        #expect(throws: TokenRefusal(.twoAuthenticationMethods)) {
            try fixture.authenticate(Fixture.post(Self.grant, authorization: ["Bearer abc", header]))
        }
    }

    @Test("A client_id in the body must name the client of the Basic credentials")
    func aClientIDBesideBasicMustAgree() throws {
        let credentials = "reporting:\(Fixture.secret)"
        _ = try fixture.authenticate(basic(credentials, body: "\(Self.grant)&client_id=reporting"))
        #expect(throws: TokenRefusal(.conflictingClientID)) {
            try fixture.authenticate(basic(credentials, body: "\(Self.grant)&client_id=other"))
        }
    }

    /// Swift's `==` treats U+212A and the letter K as equal.
    @Test("RFC 3986 section 6.2.1: identifiers are compared octet for octet")
    func identifiersAreOctets() throws {
        let clients = try ClientRegistry([
            try Client(id: ClientID("K"), secrets: [ClientSecret(hash: ClientSecretHash(of: "s"))])
        ])
        let request = basic("K:s", body: "\(Self.grant)&client_id=%E2%84%AA")
        #expect(throws: TokenRefusal(.conflictingClientID)) {
            try clients.authenticate(TokenRequest(parsing: request).credentials, verified: .none, now: Fixture.now)
        }
    }

    private struct Published: Decodable {
        struct Pair: Decodable {
            let text: String
            let encoded: String
        }
        let pairs: [Pair]
    }

    @Test("RFC 6749 appendix B: the example of the RFC is decoded")
    func decodesTheExampleOfRFC6749AppendixB() throws {
        for pair in try TestVectors.decode(Published.self, "rfc6749.json").pairs {
            let secret = ClientSecret(hash: try ClientSecretHash(of: pair.text))
            let clients = try ClientRegistry([try Client(id: ClientID("a"), secrets: [secret])])
            let body = "\(Self.grant)&client_id=a&client_secret=\(pair.encoded)"
            _ = try clients.authenticate(
                TokenRequest(parsing: Fixture.post(body)).credentials, verified: .none, now: Fixture.now
            )
            .conclude()
        }
    }
}
