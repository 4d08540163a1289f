import Hummingbird
import JOSE
import Libcrypto
import Synchronization
import Testing

@testable import RemoteKeys

@Suite struct KeySetFetcherTests {
    @Test(arguments: [
        "http://example.com/jwks", "ftp://127.0.0.1/", "http://127.0.0.1@example.com/", "http://127.0.0.1.example.com/",
        "jwks",
        "http://localhost.example.com/",
    ])
    func refusesURLsThatOthersCanReadAlong(url: String) {
        #expect(throws: KeySetFetchError.self) { try KeySetFetcher(url: url) }
    }

    @Test(
        arguments: [
            ([], nil), (["max-age=300"], 300), (["public, Max-Age=60"], 60), (["no-cache"], nil), (["max-age=x"], nil),
            (["max-age=-1"], nil), (["public", "max-age=5"], 5), (["max-age=99999999"], 86400),
        ] as [([String], Int64?)])
    func readsMaxAge(fields: [String], seconds: Int64?) {
        #expect(KeySetFetcher.maximumAge(of: fields) == seconds.map { .seconds($0) })
    }

    @Test func aFetchThatFailsIsToldOnceAndNotToEachThatWaits() async throws {
        let failures = Mutex(0)
        try await Self.serve(Router()) { origin in
            let set = RemoteKeySet(try KeySetFetcher(url: "\(origin)/nothing")) { _ in
                failures.withLock { $0 += 1 }
            }
            for _ in 0..<500 { await #expect(throws: KeySetFetchError.self) { try await set.keys() } }
        }
        // One for each cool-down of a second, however slow the machine.
        #expect((1...50).contains(failures.withLock { $0 }))
    }

    @Test func fetchesAndSaysWhyItCannot() async throws {
        let keys = JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: .es256)])
        let router = Router()
        router.get("good") { _, _ in
            Response(
                status: .ok, headers: [.cacheControl: "max-age=7"],
                body: .init(byteBuffer: ByteBuffer(bytes: keys.json())))
        }
        router.get("redirect") { _, _ in Response(status: .found, headers: [.location: "/good"]) }
        router.get("rubbish") { _, _ in "<html>" }
        router.get("large") { _, _ in String(repeating: " ", count: KeySetFetcher.maximumSize + 1) }
        try await Self.serve(router) { origin in
            let fetched = try await KeySetFetcher(url: "\(origin)/good").fetch()
            #expect(fetched.keys.keys.map(\.keyID) == ["k"])
            #expect(fetched.maximumAge == .seconds(7))
            for (path, reason) in [
                ("redirect", "the answer has status 302"), ("missing", "the answer has status 404"),
                ("rubbish", "the answer is not JSON: not a value at octet 0"),
                ("large", "the answer is larger than 262144 octets"),
            ] {
                let error = await #expect(throws: KeySetFetchError.self) {
                    try await KeySetFetcher(url: "\(origin)/\(path)").fetch()
                }
                #expect(error?.description == reason)
            }
        }
    }

    @Test func aDeadlineEndsWhatStalls() async {
        await #expect(throws: Deadline.Exceeded.self) {
            try await Deadline.race(.milliseconds(1)) { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    /// Runs `body` while `router` answers on a free port of the loopback address.
    private static func serve(
        _ router: Router<BasicRequestContext>, _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in ports {
                try await body("http://127.0.0.1:\(port)")
                break
            }
            group.cancelAll()
        }
    }
}
