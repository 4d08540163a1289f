import Synchronization

/// The contexts of a key that nobody uses just now: preparing one takes a sixth of the time of an RSA signature check.
final class VerificationContexts: Sendable {
    /// As many are kept as threads can be expected to verify at once.
    private static let capacity = 64

    private let idle = Mutex<[VerificationContext]>([])

    /// Lends a context; makes one where none is idle.
    func withContext(
        for key: PublicKey, _ scheme: SignatureScheme, _ body: (VerificationContext) -> Bool
    ) throws(LibcryptoError) -> Bool {
        let known = idle.withLock { idle in
            idle.lastIndex { $0.scheme == scheme }.map { idle.remove(at: $0) }
        }
        let context = if let known { known } else { try VerificationContext(key, scheme) }
        defer { idle.withLock { if $0.count < Self.capacity { $0.append(context) } } }
        return body(context)
    }
}
