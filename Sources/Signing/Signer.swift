import Foundation
import Libcrypto
import OAuth

/// Makes signatures for one event loop or thread, with copies of the keys of its own. Another thread may drop the copies.
final class Signer: @unchecked Sendable {
    // Sendable: the mutable state is touched only with `lock` locked.
    private let lock = NSLock()
    private var contexts: [(key: PrivateKey, scheme: SignatureScheme, context: SigningContext)] = []
    /// The keys that may sign; `nil` for any.
    private var live: [PrivateKey]?

    /// Two keys are in use for a moment of a rotation; older copies are not needed.
    private static let contextLimit = 2

    /// How many copies of keys it has.
    var contextCount: Int { lock.withLock { contexts.count } }

    /// Drops the copies of all other keys. A signature that was asked for before is still made, and its copy is not kept.
    func keep(only keys: [PrivateKey]) {
        lock.withLock {
            live = keys
            contexts.removeAll { context in !keys.contains { $0 === context.key } }
        }
    }

    /// - Parameter reportWait: called with the time that the job has waited.
    func perform(_ job: SigningJob, _ reportWait: (Duration) -> Void = { _ in }) {
        reportWait(job.queuedAt.duration(to: .now))
        do throws(KeyError) {
            job.continuation.resume(returning: .success(try signature(over: job.message, with: job.key, job.scheme)))
        } catch {
            job.continuation.resume(returning: .failure(.failed(error)))
        }
    }

    func signature(
        over message: [UInt8], with key: PrivateKey, _ scheme: SignatureScheme
    ) throws(KeyError) -> [UInt8] {
        lock.lock()
        defer { lock.unlock() }
        let context = try context(for: key, scheme)
        do throws(LibcryptoError) { return try context.sign(message.span) } catch { throw .libcrypto(error) }
    }

    private func context(for key: PrivateKey, _ scheme: SignatureScheme) throws(KeyError) -> SigningContext {
        if let known = contexts.first(where: { $0.key === key && $0.scheme == scheme }) { return known.context }
        let context = try SigningContext(key: key, scheme: scheme)
        guard live.map({ $0.contains { $0 === key } }) ?? true else { return context }
        contexts.insert((key, scheme, context), at: 0)
        if contexts.count > Self.contextLimit { contexts.removeLast() }
        return context
    }
}
