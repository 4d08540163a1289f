import Libcrypto
import OAuth

/// Makes signatures on one thread. Its contexts, and the copies of the keys in them, never leave it.
final class Signer {
    private var contexts: [(key: PrivateKey, scheme: SignatureScheme, context: SigningContext)] = []

    /// Two keys are in use for a moment of a rotation; older copies are not needed.
    private static let contextLimit = 2

    /// - Parameter reportWait: called with the time that the job has waited.
    /// - Returns: how long the signature took.
    func perform(_ job: SigningJob, _ reportWait: (Duration) -> Void) -> Duration {
        let start = ContinuousClock.now
        reportWait(job.queuedAt.duration(to: start))
        perform(job)
        return start.duration(to: .now)
    }

    func perform(_ job: SigningJob) {
        do throws(KeyError) {
            job.continuation.resume(returning: .success(try signature(over: job.message, with: job.key)))
        } catch {
            job.continuation.resume(returning: .failure(.failed(error)))
        }
    }

    func signature(over message: [UInt8], with key: SigningKey) throws(KeyError) -> [UInt8] {
        let context = try context(for: key)
        do throws(LibcryptoError) { return try context.sign(message.span) } catch { throw .libcrypto(error) }
    }

    private func context(for key: SigningKey) throws(KeyError) -> SigningContext {
        if let known = contexts.first(where: { $0.key === key.key && $0.scheme == key.scheme }) { return known.context }
        let context = try SigningContext(key: key.key, scheme: key.scheme)
        contexts.insert((key.key, key.scheme, context), at: 0)
        if contexts.count > Self.contextLimit { contexts.removeLast() }
        return context
    }
}
