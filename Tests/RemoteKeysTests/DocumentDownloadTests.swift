import HTTPTypes
import Hummingbird
import JOSE
import LoopbackServer
import Libcrypto
import Synchronization
import Testing

@testable import RemoteKeys

@Suite struct DocumentDownloadTests {
    @Test(
        "A URL is refused if it is neither https nor http on a loopback host",
        arguments: [
            "http://example.com/jwks", "ftp://127.0.0.1/", "http://127.0.0.1@example.com/",
            "http://127.0.0.1.example.com/",
            "jwks",
            "http://localhost.example.com/",
        ])
    func refusesInsecureURLs(url: String) {
        #expect(throws: DocumentFetchError(.insecureURL)) { try DocumentDownload(url: url) }
    }

    @Test(
        "RFC 9111 section 4.2: the freshness lifetime is max-age less Age",
        arguments: [
            ([], nil, 300), (["="], nil, 300), (["a,=,"], nil, 300), (["max-age=120"], nil, 120),
            (["public, Max-Age=60"], nil, 60), (["no-cache"], nil, 0),
            (["max-age=60, no-store"], nil, 0), (["max-age=x"], nil, 300), (["max-age=-1"], nil, 300),
            (["public", "max-age=5"], nil, 5), (["max-age=99999999"], nil, 86400), (["max-age=60, max-age=9"], nil, 60),
            (["max-age=60"], "20", 40), (["max-age=60"], "90", 0), (["max-age=60"], "-5", 60),
            (["max-age=60"], "x", 60),
        ] as [([String], String?, Int64)])
    func readsTheFreshnessLifetime(cacheControl: [String], age: String?, seconds: Int64) async throws {
        let router = Router()
        router.get("keys") { _, _ in
            var headers = HTTPFields(cacheControl.map { HTTPField(name: .cacheControl, value: $0) })
            if let age { headers[.age] = age }
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: #"{"keys":[]}"#)))
        }
        try await LoopbackServer.serve(router) { origin in
            let fetched = try await DocumentDownload(url: "\(origin)/keys").fetchKeySet()
            #expect(fetched.maximumAge == .seconds(seconds))
        }
    }

    @Test("A fetch that fails is reported once, not once for each caller")
    func reportsAFailureOnce() async throws {
        let failures = Mutex(0)
        try await LoopbackServer.serve(Router()) { origin in
            let set = RemoteDocument.keySet(
                try DocumentDownload(url: "\(origin)/nothing"), reportFailure: { _ in failures.withLock { $0 += 1 } })
            for _ in 0..<500 { await #expect(throws: DocumentFetchError.self) { try await set.current() } }
        }
        // One for each cool-down of a second, on a slow machine too.
        #expect((1...50).contains(failures.withLock { $0 }))
    }

    @Test("A download returns the document, or throws the reason why it cannot")
    func fetchesOrSaysWhyNot() async throws {
        let keys = JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: .es256)])
        let router = Router()
        router.get("good") { _, _ in
            Response(
                status: .ok, headers: [.cacheControl: "max-age=7"],
                body: .init(byteBuffer: ByteBuffer(bytes: keys.json())))
        }
        router.get("redirect") { _, _ in Response(status: .found, headers: [.location: "/good"]) }
        router.get("rubbish") { _, _ in "<html>" }
        router.get("large") { _, _ in String(repeating: " ", count: DocumentDownload.maximumSize + 1) }
        try await LoopbackServer.serve(router) { origin in
            let fetched = try await DocumentDownload(url: "\(origin)/good").fetchKeySet()
            #expect(fetched.value.keys.map(\.keyID) == ["k"])
            #expect(fetched.maximumAge == .seconds(7))
            for (path, code) in [
                ("redirect", .status(302)), ("missing", .status(404)), ("rubbish", .malformed), ("large", .tooLarge),
            ] as [(String, DocumentFetchError.Code)] {
                await #expect(throws: DocumentFetchError(code), "\(path)") {
                    try await DocumentDownload(url: "\(origin)/\(path)").fetchKeySet()
                }
            }
        }
    }

    @Test("A download that stalls ends at its deadline")
    func endsWhatStalls() async {
        await #expect(throws: Deadline.Exceeded.self) {
            try await Deadline.race(.milliseconds(1)) { try await Task.sleep(for: .seconds(3600)) }
        }
    }
}
