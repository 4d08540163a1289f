import AccessToken
import Testing

@Suite("TargetURI") struct TargetURITests {
    @Test(
        "RFC 9449 section 4.3, number 9: texts for one URL have one form",
        arguments: [
            ("https://api.example/orders", "https://api.example/orders"),
            ("https://api.example/orders?page=2", "https://api.example/orders"),
            ("https://api.example/orders#top", "https://api.example/orders"),
            ("HTTPS://API.Example/Orders", "https://api.example/Orders"),
            ("https://api.example:443/orders", "https://api.example/orders"),
            ("http://api.example:80/orders", "http://api.example/orders"),
            ("https://api.example:0443/orders", "https://api.example/orders"),
            ("https://api.example:8443/orders", "https://api.example:8443/orders"),
            ("http://api.example:443/orders", "http://api.example:443/orders"),
            ("https://api.example", "https://api.example/"),
            ("https://api.example?x", "https://api.example/"),
            ("https://api.example/orders?a|b={c}%4", "https://api.example/orders"),
            ("https://api.example/orders#\u{212A} ?", "https://api.example/orders"),
            ("https://api.example/orders?" + String(repeating: "a", count: 3000), "https://api.example/orders"),
            ("https://api.example/", "https://api.example/"),
            ("https://api.example/a/./b", "https://api.example/a/b"),
            ("https://api.example/a/../b", "https://api.example/b"),
            ("https://api.example/a/b/..", "https://api.example/a/"),
            ("https://api.example/a/b/.", "https://api.example/a/b/"),
            ("https://api.example/../../a", "https://api.example/a"),
            ("https://api.example/..", "https://api.example/"),
            ("https://api.example/a//b", "https://api.example/a//b"),
            ("https://api.example/a/", "https://api.example/a/"),
            ("https://api.example/%7euser/%41", "https://api.example/~user/A"),
            ("https://api.example/%2e%2e/a", "https://api.example/a"),
            ("https://api.example/a%2fb", "https://api.example/a%2Fb"),
            ("https://api.example/%e2%84%aa", "https://api.example/%E2%84%AA"),
            ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ])
    func normalizes(text: String, expected: String) throws {
        #expect(try TargetURI(text).description == expected)
        #expect(try TargetURI(text) == TargetURI(expected))
    }

    @Test(
        "What is no http or https URL names no request",
        arguments: [
            "", "/orders", "api.example/orders", "ftp://api.example/", "urn:example:orders", "https://",
            "https:///orders",
            "https://user@api.example/", "https://api.example:0/", "https://api.example:65536/",
            "https://api.example/a b", "https://api.example/%4", "https://\u{212A}.example/",
            "?https://api.example/", "https:#//api.example/",
            "https://api.example/" + String(repeating: "a", count: 3000),
        ])
    func refuses(text: String) {
        #expect(throws: InvalidValue.self) { try TargetURI(text) }
    }
}
