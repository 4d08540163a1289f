import Foundation
import JOSE
import LiveState
import Libcrypto
import Logging
import OAuth
import ServiceFiles
import ServiceFixture
import Synchronization
import TestSupport
import Testing

@testable import Signing
@testable import TokenHTTP

/// The signing key is in another place when the service starts.
@Suite struct RemoteKeyServiceTests {
    private let readiness = Readiness()
    private let place = FailingPlace()

    private func start(_ settings: String = "") async throws {
        let fixture = try ServiceFixture.withRemoteKey(settings)
        let signing = RemoteSigning(RemoteKeyStores([.pkcs11: place]), limit: 1, wait: .seconds(60))
        let service = RemoteKeyService(
            signing, snapshots: SnapshotStore(try fixture.snapshot()), readiness: readiness,
            logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
        try await service.start(fixture.configuration)
    }

    @Test("Without a signature the service does not start, and names the file and what can be done")
    func refusal() async throws {
        do {
            try await start()
            Issue.record("it started")
        } catch let error as InvalidConfiguration {
            let problem = try #require(error.problems.first)
            #expect(problem.message == "the key cannot sign now: it fails")
            #expect("\(problem.place)".contains("first.key-uri"))
            #expect(problem.hint?.contains("start_without: true") == true)
        }
        #expect(place.callCount == 1)
    }

    @Test("A place that gives no answer in time is tried four times: a module may take long to load")
    func attempts() async throws {
        place.error.withLock { $0 = RemoteKeyError(.timedOut, "it is late") }
        await #expect(throws: InvalidConfiguration.self) { try await start() }
        #expect(place.callCount == 4)
    }

    @Test("A service that may start without its key is not ready")
    func startWithout() async throws {
        readiness.begin()
        #expect(readiness.isReady)
        try await start("remote_keys: { start_without: true }\n")
        #expect(readiness.lacksKey && !readiness.isReady)
        readiness.setLacksKey(false)
        #expect(readiness.isReady)
    }
}

extension ServiceFixture {
    /// A service whose signing key is in a PKCS#11 token.
    static func withRemoteKey(_ settings: String = "") throws -> ServiceFixture {
        let text = "issuer: https://tokens.example.com\npkcs11: { module: /usr/lib/module.so }\n"
        let fixture = try ServiceFixture(configuration: text + settings)
        try fixture.folder.write("pkcs11:token=writ;object=signing", to: "keys/first.key-uri")
        let publicKey = try String(contentsOf: TestVectors.url("keys/rsa-2048.pub.pem"), encoding: .utf8)
        try fixture.folder.write(publicKey, to: "keys/first.pub.pem")
        try FileManager.default.removeItem(atPath: fixture.folder.path("keys/first.pem"))
        return fixture
    }
}

/// A place that makes no signatures.
final class FailingPlace: RemoteKeyStore {
    let error = Mutex(RemoteKeyError(.unavailable, "it fails"))
    private let calls = Mutex(0)

    var callCount: Int { calls.withLock { $0 } }

    func sign(
        _ message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm
    ) async throws(RemoteKeyError) -> [UInt8] {
        calls.withLock { $0 += 1 }
        throw error.withLock { $0 }
    }

    func makeKey(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, named name: String
    ) async throws(RemoteKeyError) -> RemoteKey { throw error.withLock { $0 } }

    func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey { throw error.withLock { $0 } }

    func close() async {}

    func discard(_ key: RemoteKey) async {}
}
