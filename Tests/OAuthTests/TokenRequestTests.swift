import TestSupport
import Testing

@testable import OAuth

@Suite struct TokenRequestTests {
    private static let credentials = "client_id=reporting&client_secret=x"

    @Test(
        "RFC 6749 section 5.2: a malformed token request is refused with the error for its mistake",
        arguments: [
            ("", TokenRefusal.Code.missingGrantType),
            ("\(credentials)", .missingGrantType),
            ("grant_type=&\(credentials)", .missingGrantType),
            ("grant_type=client_credentials&grant_type=client_credentials&\(credentials)", .repeatedParameter),
            ("grant_type=client_credentials&grant_type=&\(credentials)", .repeatedParameter),
            ("grant_type=client_credentials&scope=a&scope=b&\(credentials)", .repeatedParameter),
            ("grant_type=client_credentials&x=1&x=2&\(credentials)", .repeatedParameter),
            ("grant_type=client_credentials&client_id=reporting&\(credentials)", .repeatedParameter),
            ("grant_type=%&\(credentials)", .unreadableForm),
            ("grant_type=%4&\(credentials)", .unreadableForm),
            ("grant_type=%zz&\(credentials)", .unreadableForm),
            ("grant_type=%FF&\(credentials)", .unreadableForm),
            ("grant_type=%C0%AF&\(credentials)", .unreadableForm),
            ("grant_type=client_credentials", .invalidClient),
            ("grant_type=client_credentials&client_id=%00", .invalidClient),
            ("grant_type=client_credentials&client_secret=x", .invalidClient),
            ("grant_type=client_credentials&client_id=%00&client_secret=x", .invalidClient),
            ("grant_type=client_credentials&scope=%22&\(credentials)", .malformedScope),
            ("grant_type=client_credentials&scope=%22", .invalidClient),
            ("grant_type=client_credentials&resource=api&\(credentials)", .malformedResource),
            ("grant_type=refresh_token&refresh_token=a&scope=%22&\(credentials)", .malformedScope),
            ("grant_type=refresh_token", .missingRefreshToken),
            ("grant_type=client_credentials&\(credentials)&client_assertion=x", .twoAuthenticationMethods),
            ("grant_type=client_credentials&\(credentials)&client_assertion_type=x", .twoAuthenticationMethods),
        ])
    func refusesBody(body: String, error: TokenRefusal.Code) {
        #expect(throws: TokenRefusal(error)) { try TokenRequest(parsing: Fixture.post(body)) }
    }

    @Test(
        "RFC 6749 section 3.2: unknown and empty parameters of a token request are ignored",
        arguments: [
            "grant_type=client_credentials&\(credentials)", "&&grant_type=client_credentials&&\(credentials)&",
            "grant_type=client_credentials&resource=urn:1&resource=urn:2&\(credentials)",
            "grant_type=client_credentials&x=&\(credentials)",
            "grant_type=client_credentials&x=1&code=a&redirect_uri=b&username=c&\(credentials)",
        ])
    func takesBody(body: String) throws {
        _ = try TokenRequest(parsing: Fixture.post(body))
    }

    @Test(
        "RFC 6749 section 2.3.1: a request with credentials in its URL is refused",
        arguments: [
            "client_secret=x", "a=b&client_id=x", "client%5Fsecret=x", "CLIENT_SECRET=x", "client_assertion",
            "refresh_token=",
        ])
    func refusesCredentialsInTheURL(query: String) {
        let request = Fixture.post("grant_type=client_credentials&\(Self.credentials)", query: query)
        #expect(throws: TokenRefusal(.credentialsInURL)) { try TokenRequest(parsing: request) }
    }

    @Test("A query without credentials is ignored", arguments: ["", "option=token&api=oauth2", "x=client_secret"])
    func takesOtherQueries(query: String) throws {
        _ = try TokenRequest(parsing: Fixture.post("grant_type=client_credentials&\(Self.credentials)", query: query))
    }

    @Test(
        "RFC 6749 section 4.4.2: a request with another media type is refused",
        arguments: [nil, "", "application/json", "multipart/form-data", "application/x-www-form-urlencoded2"])
    func refusesMediaType(contentType: String?) {
        var request = Fixture.post("grant_type=client_credentials&\(Self.credentials)")
        request.fields.contentType = contentType
        #expect(throws: TokenRefusal(.wrongMediaType)) { try TokenRequest(parsing: request) }
    }

    @Test(
        "RFC 9110 section 8.3.1: the media type is case-insensitive, and its parameters are ignored",
        arguments: [
            "application/x-www-form-urlencoded;charset=UTF-8", "Application/X-WWW-Form-URLEncoded",
            " application/x-www-form-urlencoded ; x",
        ])
    func takesMediaType(contentType: String) throws {
        var request = Fixture.post("grant_type=client_credentials&\(Self.credentials)")
        request.fields.contentType = contentType
        _ = try TokenRequest(parsing: request)
    }

    @Test("A form and a query of more than 256 parameters are refused, and what is between two separators is none")
    func refusesManyParameters() {
        func form(_ count: Int) -> String {
            "grant_type=client_credentials&\(Self.credentials)" + (3..<count).map { "&p\($0)=1" }.joined()
        }
        #expect(throws: Never.self) { try TokenRequest(parsing: Fixture.post(form(256))) }
        #expect(throws: TokenRefusal(.tooManyParameters)) { try TokenRequest(parsing: Fixture.post(form(257))) }
        let separators = String(repeating: "&", count: 4000)
        #expect(throws: Never.self) { try TokenRequest(parsing: Fixture.post(separators + form(256) + separators)) }
        for part in ["a&", "=&", "resource=urn:a&"] {
            let query = String(repeating: part, count: 257)
            #expect(throws: TokenRefusal(.tooManyParameters)) {
                try TokenRequest(parsing: Fixture.post(form(3), query: query))
            }
        }
        #expect(throws: Never.self) { try TokenRequest(parsing: Fixture.post(form(3), query: separators)) }
    }

    @Test("Names of parameters are compared octet for octet", arguments: UnicodeMarks.all)
    func namesAreOctets(mark: String) throws {
        let form = "grant_type=client_credentials&\(Self.credentials)"
        // Neither is a parameter of the protocol, nor are two of them one.
        for name in ["grant_type\(mark)", "\(mark)scope", "client_\(mark)id", "resource\(mark)", mark] {
            _ = try TokenRequest(parsing: Fixture.post("\(form)&\(name)=%22&\(name)x=1"))
            #expect(throws: TokenRefusal(.repeatedParameter)) {
                try TokenRequest(parsing: Fixture.post("\(form)&\(name)=1&\(name)=1"))
            }
        }
        for pair in ["K=1&\u{212A}=2", "%3B=1&\u{37E}=2", "%60=1&\u{1FEF}=2", "\u{E9}=1&e\u{301}=2"] {
            _ = try TokenRequest(parsing: Fixture.post("\(form)&\(pair)"))
        }
    }

    @Test("A separator of a form counts beside every mark", arguments: UnicodeMarks.all)
    func separatorsCountBesideMarks(mark: String) throws {
        for encoded in [mark, mark.utf8.map { "%\(String($0, radix: 16))" }.joined()] {
            let form = try FormParameters(parsing: Array("a\(encoded)=\(encoded)1&\(encoded)b=2\(encoded)&c=3".utf8))
            #expect(form["a\(mark)"].map { Array($0.utf8) } == Array("\(mark)1".utf8))
            #expect(form["\(mark)b"].map { Array($0.utf8) } == Array("2\(mark)".utf8))
            #expect(form["c"] == "3")
            #expect(form["a"] == nil)
        }
        // The escape is three octets, whatever stands beside it.
        #expect(throws: TokenRefusal(.unreadableForm)) { try FormParameters(parsing: Array("a=%\(mark)41".utf8)) }
        #expect(throws: TokenRefusal(.unreadableForm)) { try FormParameters(parsing: Array("a=%4\(mark)1".utf8)) }
    }

    @Test("The media type of a form is compared octet for octet", arguments: UnicodeMarks.all)
    func mediaTypesAreOctets(mark: String) {
        let type = "application/x-www-form-urlencoded"
        var bad = ["\(type)\(mark)", "\(mark)\(type)", "\(type)\(mark);x", "application/x-www-form-urlencoded \(mark)"]
        for separator in ["/", "-"] as [Unicode.Scalar] {
            bad += UnicodeMarks.variants(of: type, at: separator, with: mark)
        }
        for contentType in bad {
            var request = Fixture.post("grant_type=client_credentials&\(Self.credentials)")
            request.fields.contentType = contentType
            #expect(throws: TokenRefusal(.wrongMediaType)) { try TokenRequest(parsing: request) }
        }
        var request = Fixture.post("grant_type=client_credentials&\(Self.credentials)")
        request.fields.contentType = "\(type);\(mark)"
        #expect(throws: Never.self) { try TokenRequest(parsing: request) }
    }

    @Test("A query names credentials in ASCII letters of either case, and in no others")
    func queriesAreOctets() throws {
        let form = "grant_type=client_credentials&\(Self.credentials)"
        for query in ["to\u{212A}en=x", "token\u{301}=x", "token%CC%81=x", "\u{600}token=x", "client\u{200D}_id=x"] {
            _ = try TokenRequest(parsing: Fixture.post(form, query: query))
        }
        for query in ["TOKEN=x", "%54oken", "a=\u{600}&token=x", "\u{600}&token=x", "token&\u{301}"] {
            #expect(throws: TokenRefusal(.credentialsInURL)) {
                try TokenRequest(parsing: Fixture.post(form, query: query))
            }
        }
    }

    @Test("A body of more than 16 KiB is refused")
    func refusesALargeBody() {
        let body = "grant_type=client_credentials&\(Self.credentials)&x="
        let fill = String(repeating: "a", count: EndpointRequest.maximumBodySize - body.utf8.count)
        #expect(throws: Never.self) { try TokenRequest(parsing: Fixture.post(body + fill)) }
        #expect(throws: TokenRefusal(.bodyTooLarge)) { try TokenRequest(parsing: Fixture.post(body + fill + "a")) }
    }

    @Test(
        "RFC 6749 section 5.2: error and error_description contain only allowed characters",
        arguments: TokenRefusal.Code.allCases)
    func saysNothingThatRFC6749DoesNotAllow(error: TokenRefusal.Code) {
        // RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E
        for text in [error.error.description, error.text.description] {
            #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        }
    }
}
