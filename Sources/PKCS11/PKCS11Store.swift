import AccessToken
package import JOSE
package import Libcrypto
package import OAuth

/// The keys on the tokens of one PKCS#11 module: HSMs, smart cards, TPMs, and the key services of clouds.
///
/// The module is loaded for the first job, and called only on threads of this store. A job has no time limit: a task that
/// waits no longer is cancelled, and the thread is free again when the module returns.
package final class PKCS11Store: RemoteKeyStore {
    private let threads: JobThreads
    let module: TokenModule

    /// - Parameters:
    ///   - module: the path of the module's shared object.
    ///   - threadLimit: the most threads, and so the most sessions, at least 1.
    ///   - pin: reads the PIN, before every login; `nil` if none is configured. What it throws is shown if it is a
    ///     ``RemoteKeyError``.
    package convenience init(
        module: String, threadLimit: Int = 16, pin: @escaping @Sendable () throws -> SecretBytes?
    ) {
        self.init(threadLimit: threadLimit, pin: pin) { () throws(TokenFailure) in try Cryptoki(loading: module) }
    }

    /// For a module that is a part of the process.
    init(
        threadLimit: Int, pin: @escaping @Sendable () throws -> SecretBytes?,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        load: @escaping @Sendable () throws(TokenFailure) -> Cryptoki
    ) {
        let module = TokenModule(load: load, login: TokenLogin(readPIN: pin), now: now)
        self.module = module
        threads = JobThreads(limit: threadLimit)
    }

    deinit {
        // The module is not called any more: the process may be at its end, and the module with it.
        threads.close { [module] in module.forget() }
    }

    /// Closes all sessions, and finalizes the module, after the jobs that are under way. There is no time limit. Each later
    /// job is ``RemoteKeyError/Code/unavailable``.
    package func close() async {
        await withCheckedContinuation { continuation in
            threads.close { [module] in
                module.end()
                continuation.resume()
            }
        }
    }

    package func sign(
        _ message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm
    ) async throws(RemoteKeyError) -> [UInt8] {
        let uri = try Self.uri(key.uri)
        return try await run { (module) throws(TokenFailure) in
            try module.withToken(at: uri) { (token) throws(TokenFailure) in
                try token.signature(of: message, at: uri, key.publicKey, algorithm.scheme)
            }
        }
    }

    package func makeKey(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, named name: String
    ) async throws(RemoteKeyError) -> RemoteKey {
        let uri = try Self.uri(uri)
        guard uri.namesToken, !uri.namesKey else {
            throw RemoteKeyError(
                .noSuchKey, "the URI has to name a token for a new key, and no key",
                hint: "the new key gets its label and its id; the URI is of the form pkcs11:token=NAME")
        }
        return try await run(ifAbandoned: { Self.discard($1, $0) }) { (module) throws(TokenFailure) in
            try module.withToken(at: uri) { (token) throws(TokenFailure) in
                try token.makeKey(algorithm, label: Array(name.utf8))
            }
        }
    }

    /// The key that is there. Nothing is known about copies: an operator may have made the key elsewhere, and it may be
    /// extractable.
    package func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey {
        let pkcs11 = try Self.uri(uri)
        return try await run { (module) throws(TokenFailure) in
            try module.withToken(at: pkcs11) { (token) throws(TokenFailure) in
                RemoteKey(uri, try token.publicHalf(at: pkcs11))
            }
        }
    }

    /// Removes a key, also if the task is cancelled: it then returns at once, and the key is removed when the token answers.
    package func discard(_ key: RemoteKey) async {
        let pending = PendingResult<Void>()
        let isAdded = threads.add(threads.makeNumber()) { [module] in
            Self.discard(key, module)
            _ = pending.end(.success(()))
        }
        guard isAdded else { return }
        _ = await withTaskCancellationHandler {
            await withCheckedContinuation { _ = pending.wait($0) }
        } onCancel: {
            pending.cancel()
        }
    }

    // MARK: Jobs

    private static func discard(_ key: RemoteKey, _ module: TokenModule) {
        guard case .pkcs11(let uri) = key.uri else { return }
        try? module.withToken(at: uri) { (token) throws(TokenFailure) in try token.discard(uri, key.publicKey) }
    }

    private static func uri(_ uri: KeyURI) throws(RemoteKeyError) -> PKCS11URI {
        guard case .pkcs11(let uri) = uri else { throw RemoteKeyError(.noSuchKey, "the key is on no PKCS#11 token") }
        return uri
    }

    /// Runs a job on a thread of the store.
    ///
    /// - Parameter ifAbandoned: called with a value that no task waits for any more.
    private func run<Value: Sendable>(
        ifAbandoned: @escaping @Sendable (TokenModule, Value) -> Void = { _, _ in },
        _ job: @escaping @Sendable (TokenModule) throws(TokenFailure) -> Value
    ) async throws(RemoteKeyError) -> Value {
        let pending = PendingResult<Value>()
        let (threads, module) = (threads, module)
        let number = threads.makeNumber()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard pending.wait(continuation) else { return }
                let isAdded = threads.add(number) {
                    guard pending.isAwaited else { return }
                    do throws(TokenFailure) {
                        let value = try job(module)
                        if !pending.end(.success(value)) { ifAbandoned(module, value) }
                    } catch {
                        _ = pending.end(.failure(error.error))
                    }
                }
                if !isAdded { _ = pending.end(.failure(RemoteKeyError(.unavailable, "the service ends"))) }
            }
        } onCancel: {
            pending.cancel()
            threads.remove(number)
        }
        return try result.get()
    }
}
