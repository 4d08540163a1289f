import AccessToken
import TestSupport
import Testing

@Suite("URLs that may be fetched")
struct RemoteURLTests {
    @Test(
        "https, and http on a loopback host, is fetched as it was read",
        arguments: [
            ("https://a.example/keys", "https://a.example/keys"), ("HTTPS://A.example/Keys", "https://a.example/Keys"),
            ("https://a.example", "https://a.example/"), ("https://a.example?b=c", "https://a.example/?b=c"),
            ("https://a.example:8443/x?y#", nil), ("https://192.0.2.1:65535/", "https://192.0.2.1:65535/"),
            ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]:443/"),
            ("https://my_service/a/../b%2f", "https://my_service/a/../b%2f"),
            ("http://localhost/x", "http://localhost/x"), ("HTTP://LOCALHOST:80/x", "http://localhost:80/x"),
            ("http://127.0.0.1/", "http://127.0.0.1/"), ("http://127.255.0.9:1/", "http://127.255.0.9:1/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"), ("https://a.example/@b", "https://a.example/@b"),
        ] as [(String, String?)])
    func isMadeOfItsParts(text: String, fetched: String?) {
        #expect((try? RemoteURL(text))?.description == fetched)
        #expect(TransportSecurity.isAcceptable(text) == (fetched != nil))
    }

    @Test(
        "A host that is not this machine is not fetched over http, however it is written",
        arguments: [
            "http://example.com/", "http://127.0.0.1.evil/", "http://127.0.0.1.evil.example/", "http://localhost.evil/",
            "http://localhost./", "http://127.0.0.1./", "http://evil.localhost/", "http://127.0.0.1@evil.example/",
            "http://localhost@evil.example/", "http://localhost:80@evil.example/", "http://localhost:@127.0.0.2/",
            "http://[::1]@evil.example/", "http://@localhost/", "http://user@localhost/",
            // Numbers that resolvers read in other ways
            "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0x7f000001/", "http://0177.0.0.1/",
            "http://127.0.0.01/", "http://127.0.0.010/", "http://127.00.0.1/", "http://127.0.0.0x1/",
            "http://127.0.0.+1/", "http://127.0.0.-1/", "http://127.0.0.256/", "http://127.0.0/", "http://127.0.0.1.1/",
            "http://127..0.1/", "http://.127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:0:0:1]/",
            "http://[::1%25eth0]/", "http://[::1/", "http://::1/", "http://[::1]x/", "http://[[::1]]/", "http://[]/",
            // Percent-encoded
            "http://127.0.0%2e1/", "http://%6cocalhost/", "http://localhost%00.evil/", "http://localhost%2f@evil/",
            "http://localhost%40evil/", "http://localhost%23/", "http://localhost%3a80/",
            // Other ends of the authority
            "http:///", "http:////localhost/", "http:localhost/", "http:/localhost/", "http://", "http:",
            "http://localhost:/", "http://localhost:0/", "http://localhost:65536/", "http://localhost:+80/",
            "http://localhost:80:80/", "http://localhost:8o/", "http://localhost;x/", "http://localhost,evil/",
            "http://localhost\\@evil/", "http://localhost\\.evil/", "http:\\\\localhost/", "http://evil\\localhost/",
            "http://localhost\t/", "http://local\thost/", "http://localhost\n/", "http://localhost\r\n/",
            " http://localhost/",
            "http://localhost /", "http://localhost/ ", "http://localhost\u{0}/", "http://localhost\u{2044}/",
            "http://localhost\u{FF0F}/", "http://loc\u{AD}alhost/", "http://127\u{3002}0.0.1/",
            "http://\u{FF11}27.0.0.1/", "http://localhost/#f", "http://localhost/#", "http://localhost#@evil/",
            // Other schemes
            "ftp://localhost/", "file://localhost/", "file:///etc/passwd", "http+unix://localhost/",
            "httpx://localhost/",
            "ws://localhost/", "//localhost/", "localhost", "localhost:80/", "",
        ])
    func isRefused(text: String) {
        #expect(throws: InvalidValue.self) { try RemoteURL(text) }
        #expect(!TransportSecurity.isAcceptable(text))
    }

    @Test(
        "https needs a host without user information that every client reads alike",
        arguments: [
            "https://user@a.example/", "https://user:pw@a.example/", "https://@a.example/", "https:///keys",
            "https://a%2eexample/", "https://a.example:99999/", "https://a.example/#f", "https://a.exämple/",
            "https://a.example\\@b.example/", "https://a!b/",
        ])
    func isRefusedWithTLSToo(text: String) {
        #expect(throws: InvalidValue.self) { try RemoteURL(text) }
    }

    @Test("A mark of Unicode beside or in place of a separator makes no URL", arguments: UnicodeMarks.all)
    func isRefusedWithAMark(mark: String) {
        let urls = [
            "http://localhost:@127.0.0.2/", "http://[::1]@127.0.0.2/", "http://127.0.0.1:80/a?b", "https://a.b/",
        ]
        for url in urls {
            for separator in [":", "@", "/", ".", "[", "]", "?"] as [Unicode.Scalar] {
                for text in UnicodeMarks.variants(of: url, at: separator, with: mark) {
                    #expect(throws: InvalidValue.self) { try RemoteURL(text) }
                }
            }
        }
    }
}
