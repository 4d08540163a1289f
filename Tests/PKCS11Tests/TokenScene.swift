import AccessToken
import FakeToken
import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing
import WireText

@testable import PKCS11

/// The tests with the token of Tests/FakeToken, of which a process has one.
@Suite(.serialized, ClosedStores()) struct TokenTests {}

/// Closes the stores of each test when it ends, so that the next test finds the module as if it were new.
struct ClosedStores: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let outcome: (any Error)?
        do {
            try await function()
            outcome = nil
        } catch { outcome = error }
        await TokenScene.closeStores()
        if let outcome { throw outcome }
    }
}

/// A fresh fake token.
struct TokenScene {
    /// The stores of this test.
    private static let stores = Mutex<[PKCS11Store]>([])

    init() { FakeToken_reset() }

    static func closeStores() async {
        FakeToken_release()
        let closing = stores.withLock { stores in
            defer { stores = [] }
            return stores
        }
        for store in closing { await store.close() }
    }

    func store(
        threadLimit: Int = 4, pin: String? = "1234", now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) -> PKCS11Store {
        store(threadLimit: threadLimit, now: now) { try pin.map(Self.secret) }
    }

    func store(
        threadLimit: Int = 4, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        readPIN: @escaping @Sendable () throws -> SecretBytes?
    ) -> PKCS11Store {
        let store = PKCS11Store(threadLimit: threadLimit, pin: readPIN, now: now, load: Self.load)
        Self.stores.withLock { $0.append(store) }
        return store
    }

    static func load() throws(TokenFailure) -> Cryptoki {
        guard let functions = unsafe FakeToken_functions() else { throw TokenFailure("C_GetFunctionList", 5) }
        return unsafe Cryptoki(functions)
    }

    static func secret(_ text: String) throws -> SecretBytes { try SecretBytes(copying: text.utf8.span) }

    func set(_ setting: FakeTokenSetting, _ value: Int = 1) { FakeToken_set(setting, value) }

    /// Lets the next calls of a function fail.
    func fail(_ function: String, _ value: UInt, times count: UInt32 = 1) {
        unsafe FakeToken_fail(function, value, count)
    }

    func block(_ function: String) { unsafe FakeToken_block(function) }

    func setPIN(_ pin: String) { unsafe FakeToken_setPIN(pin) }

    func calls(_ function: String) -> UInt32 { unsafe FakeToken_calls(function) }

    /// Waits until this number of calls are blocked.
    func waitUntilBlocked(_ count: UInt32) async {
        while FakeToken_blockedCount() < count { await Task.yield() }
    }

    static func uri(_ text: String) throws -> KeyURI { try KeyURI(text) }

    /// The URI of a key that the token has from the beginning.
    static func uri(of label: String) throws -> KeyURI { try uri("pkcs11:token=Fake;object=\(label)") }

    static let message = Array("header.payload".utf8)

    /// Whether a signature over ``message`` is one of the key.
    static func isValid(_ signature: [UInt8], _ key: PublicKey, _ algorithm: SignatureAlgorithm) throws -> Bool {
        let message = message
        return try key.isValid(signature.span, for: message.span, scheme: algorithm.scheme)
    }

    /// Signs, and checks the signature.
    func sign(_ label: String, _ algorithm: SignatureAlgorithm, _ store: PKCS11Store) async throws -> Bool {
        let key = try await store.key(at: Self.uri(of: label))
        let signature = try await store.sign(Self.message, with: key, algorithm)
        return try Self.isValid(signature, key.publicKey, algorithm)
    }

    /// The error of a job.
    func error<Value>(_ job: () async throws -> Value) async -> RemoteKeyError? {
        do { _ = try await job() } catch { return error as? RemoteKeyError }
        return nil
    }
}
