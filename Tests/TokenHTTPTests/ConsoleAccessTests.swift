import HTTPEdge
import NIOHTTP1
import Testing
import TestSupport

@testable import TokenHTTP

@Suite("Who may ask for the console")
struct ConsoleAccessTests {
    private let access = ConsoleAccess(host: "ops.example.com")

    private func decision(_ fields: HTTPHeaders) -> ConsoleAccess.Decision {
        access.decision(on: Request(.GET, "/console", fields: fields))
    }

    @Test(
        "Operators call it by an address, by localhost, by the host of management, or by a name inside a cluster",
        arguments: [
            "127.0.0.1:8081", "10.1.2.3", "[::1]:8081", "localhost:8081", "LOCALHOST", "a.localhost:8081",
            "Ops.example.com:8081", "issuer:8081", "writ-management.writ.svc:8081",
            "writ-management.writ.svc.cluster.local",
        ])
    func own(host: String) {
        #expect(decision(["Host": host]) == .allowed)
    }

    @Test(
        "A name that a stranger can have resolved to the listener is refused (DNS rebinding)",
        arguments: [
            "evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example", "ops.example.com.evil.example",
            "evil-svc.example", "xops.example.com", "127.1:8081", "localhost.", "evil.example.", "", ":8081",
            "[::1", "[evil.example]:8081",
        ])
    func foreign(host: String) {
        #expect(decision(["Host": host]) == .foreignHost)
    }

    @Test("RFC 9112 section 3.2: a request of HTTP/1.0 may have no Host, and is refused")
    func none() { #expect(decision([:]) == .foreignHost) }

    @Test("A character that Swift joins with its neighbour, or takes for another, makes no host of the operator's")
    func marks() {
        for mark in UnicodeMarks.all {
            for host in UnicodeMarks.variants(of: "ops.example.com:8081", at: ".", with: mark)
                + UnicodeMarks.variants(of: "a.svc:8081", at: ".", with: mark)
            {
                #expect(decision(["Host": host]) == .foreignHost, "\(host.utf8.map { $0 })")
            }
        }
        #expect(decision(["Host": "lo\u{212A}alhost.svc"]) == .foreignHost)
    }

    @Test(
        "Fetch Metadata: a page of another site gets nothing, and may link to the console",
        arguments: [
            ("same-origin", "cors", ConsoleAccess.Decision.allowed), ("none", "navigate", .allowed),
            ("cross-site", "navigate", .allowed), ("cross-site", "cors", .foreignPage),
            ("same-site", "no-cors", .foreignPage), ("cross-site", "no-cors", .foreignPage),
        ])
    func pages(site: String, mode: String, decision: ConsoleAccess.Decision) {
        let fields: HTTPHeaders = ["Host": "localhost:8081", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode]
        #expect(self.decision(fields) == decision)
    }
}
