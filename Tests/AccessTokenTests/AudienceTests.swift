import AccessToken
import TestSupport
import Testing

@Suite struct AudienceTests {
    @Test(
        "RFC 8707 section 2: an absolute URI without fragment is an audience",
        arguments: ["https://api.example.com", "https://api.example.com/?a=b", "urn:example:api", "api:reports"])
    func takesURI(text: String) throws {
        #expect(try Audience(text).description == text)
        #expect(try Audience(resource: text).description == text)
        #expect(throws: InvalidValue.self) { try Audience(name: text) }
    }

    @Test(
        "RFC 7519 section 4.1.3: a name without a colon is an audience, and no resource",
        arguments: [
            "rabbitmq", "kafka", "sts.amazonaws.com", "//iam.googleapis.com/projects/1", "/relative",
            "6f1c1f4e-8a0c-4f6e-9a54-0d8a6a2e1d11", "a\"b\\c", String(repeating: "a", count: 2048),
        ])
    func takesName(text: String) throws {
        #expect(try Audience(text).description == text)
        #expect(try Audience(name: text).description == text)
        #expect(throws: InvalidValue.self) { try Audience(resource: text) }
    }

    @Test(
        "RFC 7519 section 2: a text with a colon that is no URI, and any other text, is no audience",
        arguments: [
            "", "https://a#f", "https://a\u{0}", "https://user@a", "127.0.0.1:9092", ":", "a b", "\u{E9}", "a\n",
            String(repeating: "a:", count: 2000), String(repeating: "a", count: 2049),
        ])
    func refuses(text: String) {
        #expect(throws: InvalidValue.self) { try Audience(text) }
        #expect(throws: InvalidValue.self) { try Audience(name: text) }
        #expect(throws: InvalidValue.self) { try Audience(resource: text) }
    }

    @Test(
        "RFC 3986 section 6.2.3: an empty path behind an authority and the path / name one resource",
        arguments: [
            ("https://mcp.example.com", "https://mcp.example.com/"), ("https://a:8443", "https://a:8443/"),
            ("https://a?b=c", "https://a/?b=c"), ("amqp://a", "amqp://a/"), ("https://a?/", "https://a/?/"),
        ])
    func oneResource(first: String, second: String) throws {
        let (first, second) = (try Audience(first), try Audience(second))
        #expect(first.isSameResource(as: second) && second.isSameResource(as: first))
        #expect(first != second)
        #expect([first].spelling(of: second) == first)
        #expect([first, second].spelling(of: second) == second)
    }

    @Test(
        "RFC 3986 section 6.2.1: everything else is compared octet for octet",
        arguments: [
            ("https://a", "https://A"), ("https://a", "HTTPS://a/"), ("https://a/b", "https://a/b/"),
            ("https://a", "https://a//"), ("https://a", "https://a:443/"), ("https://a/", "https://a/?"),
            ("https://a", "https://b/"), ("urn:a", "urn:a/"), ("api", "api/"), ("//api", "//api/"),
            ("https://a/%7Eb", "https://a/~b"), ("https://a", "https://a."),
        ])
    func twoResources(first: String, second: String) throws {
        let (first, second) = (try Audience(first), try Audience(second))
        #expect(!first.isSameResource(as: second) && !second.isSameResource(as: first))
        #expect([first].spelling(of: second) == nil)
    }

    @Test("RFC 3986 section 6.2.1: no name has a character outside ASCII", arguments: UnicodeMarks.all)
    func namesAreASCII(mark: String) {
        for text in ["rabbit\(mark)mq", "\(mark)rabbitmq", "rabbitmq\(mark)"] {
            #expect(throws: InvalidValue.self) { try Audience(text) }
            #expect(throws: InvalidValue.self) { try Audience(name: text) }
        }
    }
}
