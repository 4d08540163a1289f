import Libcrypto
import OAuth

/// Makes signatures on one thread. Its contexts, and the copies of the keys in them, never leave it.
final class Signer {
    private var contexts: [(key: PrivateKey, context: SigningContext)] = []

    /// A rotation has two keys in use for a moment; older copies need not be kept.
    private static let contextLimit = 2

    func perform(_ job: SigningJob) {
        let signature = signature(over: job.message, with: job.key)
        job.continuation.resume(returning: signature.map { .success($0) } ?? .failure(.serverError))
    }

    /// - Returns: nil where libcrypto failed.
    func signature(over message: [UInt8], with key: SigningKey) -> [UInt8]? {
        guard let context = context(for: key) else { return nil }
        return try? context.sign(message.span)
    }

    private func context(for key: SigningKey) -> SigningContext? {
        if let known = contexts.first(where: { $0.key === key.key }) { return known.context }
        guard let context = try? SigningContext(key: key.key, scheme: key.scheme) else { return nil }
        contexts.insert((key.key, context), at: 0)
        if contexts.count > Self.contextLimit { contexts.removeLast() }
        return context
    }
}
