import HTTPEdge
import Testing

@Suite("RFC 9112 section 3.2: the target of a request")
struct RequestTargetTests {
    @Test(
        "A path and its query are split at the first question mark",
        arguments: [
            ("/", "/", nil), ("/a?b", "/a", "b"), ("/a?b?c", "/a", "b?c"), ("/a?", "/a", ""), ("//x/y", "//x/y", nil),
        ] as [(String, String, String?)])
    func originForm(text: String, path: String, query: String?) {
        for hasAbsoluteForm in [true, false] {
            #expect(RequestTarget(text, hasAbsoluteForm: hasAbsoluteForm) == .path(path, query: query))
        }
    }

    @Test(
        "An absolute form is its path, in HTTP/1 alone",
        arguments: [
            ("http://localhost/a", "/a", nil), ("HTTPS://a:80/b?c", "/b", "c"), ("http://a", "/", nil),
            ("http://a?b", "/", "b"),
        ] as [(String, String, String?)])
    func absoluteForm(text: String, path: String, query: String?) {
        #expect(RequestTarget(text, hasAbsoluteForm: true) == .path(path, query: query))
        #expect(RequestTarget(text, hasAbsoluteForm: false) == .invalid)
    }

    @Test("An asterisk is no path")
    func asterisk() {
        #expect(RequestTarget("*", hasAbsoluteForm: true) == .asterisk)
    }

    @Test(
        "Anything else is invalid, whatever Unicode takes it for",
        arguments: [
            "", "a", "localhost:80", "http:/a", "http:///a", "ftp://a/b", "*a", "/\u{301}", "/\u{301}://x/a",
            "/o\u{600}", "http://a\u{600}/", "/a b", "/\u{7F}", "/\u{0}", "/\u{212A}", "/\u{37E}", "/\u{1FEF}",
        ])
    func invalid(text: String) {
        #expect(RequestTarget(text, hasAbsoluteForm: true) == .invalid)
    }
}
