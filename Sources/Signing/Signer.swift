import Libcrypto
import OAuth

/// Makes signatures on one thread. Its contexts, and the copies of the keys in them, never leave it.
final class Signer {
    private var contexts: [(key: PrivateKey, context: SigningContext)] = []

    /// A rotation has two keys in use for a moment; older copies need not be kept.
    private static let contextLimit = 2

    func perform(_ job: SigningJob) {
        guard let context = context(for: job.key), let signature = try? context.sign(job.message.span) else {
            job.continuation.resume(returning: .failure(.serverError))
            return
        }
        job.continuation.resume(returning: .success(signature))
    }

    private func context(for key: SigningKey) -> SigningContext? {
        if let known = contexts.first(where: { $0.key === key.key }) { return known.context }
        guard let context = try? SigningContext(key: key.key, scheme: key.scheme) else { return nil }
        contexts.insert((key.key, context), at: 0)
        if contexts.count > Self.contextLimit { contexts.removeLast() }
        return context
    }
}
