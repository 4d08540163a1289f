import Glibc
import Synchronization

/// The contexts of a key that nobody uses just now: preparing one takes a sixth of the time of an RSA signature check.
///
/// There is no lock. Who takes a context leaves nothing in its place, and so has it alone.
@safe
final class VerificationContexts: Sendable {
    private static let capacity = 8
    /// Threads begin to look at different places, and do not look everywhere: making a context is no great loss.
    private static let attempts = 4

    private let places = unsafe InlineArray<8, Atomic<Unmanaged<VerificationContext>?>> { _ in unsafe Atomic(nil) }

    deinit {
        for index in 0..<Self.capacity { _ = take(from: index) }
    }

    /// Lends a context; makes one where none is found.
    func withContext(
        for key: PublicKey, _ scheme: SignatureScheme, _ body: (VerificationContext) -> Bool
    ) throws(LibcryptoError) -> Bool {
        let start = Int(truncatingIfNeeded: pthread_self() >> 12)
        let context = if let known = take(scheme, start) { known } else { try VerificationContext(key, scheme) }
        defer { put(context, start) }
        return body(context)
    }

    private func take(_ scheme: SignatureScheme, _ start: Int) -> VerificationContext? {
        for attempt in 0..<Self.attempts {
            guard let context = take(from: Self.place(start, attempt)) else { continue }
            if context.scheme == scheme { return context }
            put(context, start)
        }
        return nil
    }

    private func take(from place: Int) -> VerificationContext? {
        unsafe places[place].exchange(nil, ordering: .acquiring)?.takeRetainedValue()
    }

    /// Where every place is taken, the context is freed.
    private func put(_ context: VerificationContext, _ start: Int) {
        let reference = unsafe Unmanaged.passRetained(context)
        for attempt in 0..<Self.attempts {
            let (isPut, _) = unsafe places[Self.place(start, attempt)].compareExchange(
                expected: nil, desired: reference, ordering: .releasing)
            if isPut { return }
        }
        unsafe reference.release()
    }

    private static func place(_ start: Int, _ attempt: Int) -> Int {
        Int(UInt(bitPattern: start &+ attempt) % UInt(capacity))
    }
}
