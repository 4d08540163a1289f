import CLibcrypto
import Synchronization

/// A lock-free pool of idle verification contexts for one key. Making a context takes a sixth of the time of an RSA
/// signature check.
///
/// Taking a context swaps `nil` into its place, which makes the taker its only user.
@safe
final class VerificationContexts: Sendable {
    private static let capacity = 8
    /// The places that a thread tries. Threads start at different places and skip the rest: making a context is cheap.
    private static let attempts = 4

    private let places = unsafe InlineArray<8, Atomic<Unmanaged<VerificationContext>?>> { _ in unsafe Atomic(nil) }

    deinit {
        for index in 0..<Self.capacity { _ = take(from: index) }
    }

    /// An idle context, or a new one if none is found. The caller returns it with ``put(_:)``.
    func context(
        for key: PublicKey, _ scheme: SignatureScheme, _ hash: HashFunction
    ) throws(LibcryptoError) -> VerificationContext {
        if let idle = take(scheme, Self.start) { return idle }
        return try VerificationContext(key, scheme, hash)
    }

    /// The place at which this thread starts.
    private static var start: Int { Int(truncatingIfNeeded: CLibcrypto_threadNumber() >> 12) }

    private func take(_ scheme: SignatureScheme, _ start: Int) -> VerificationContext? {
        for attempt in 0..<Self.attempts {
            guard let context = take(from: Self.place(start, attempt)) else { continue }
            if context.scheme == scheme { return context }
            put(context)
        }
        return nil
    }

    private func take(from place: Int) -> VerificationContext? {
        unsafe places[place].exchange(nil, ordering: .acquiring)?.takeRetainedValue()
    }

    /// Returns a context to the pool. The context is freed if every place that was tried is taken.
    func put(_ context: VerificationContext) {
        let start = Self.start
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

/// Checks signatures of one key and one scheme. It is prepared once and used many times, by one thread at a time.
final class VerificationContext: @unchecked Sendable {
    // Sendable: the thread that takes a context out of `VerificationContexts` is its only user until it returns the
    // context.
    let operation: KeyOperation
    let scheme: SignatureScheme

    /// - Throws: if the key does not fit the scheme.
    init(_ key: PublicKey, _ scheme: SignatureScheme, _ hash: HashFunction) throws(LibcryptoError) {
        operation = try KeyOperation(verifyingWith: key, scheme, hash)
        self.scheme = scheme
    }
}
