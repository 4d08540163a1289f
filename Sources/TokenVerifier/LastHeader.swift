import Atomics
import JOSE

/// The header of the last good token, which most likely is that of the next one. It is read and written without a lock.
final class LastHeader: Sendable {
    private final class Memory: AtomicReference, Sendable {
        let encodedHeader: EncodedHeader

        init(_ encodedHeader: EncodedHeader) { self.encodedHeader = encodedHeader }
    }

    private let memory = ManagedAtomic<Memory?>(nil)

    var encodedHeader: EncodedHeader? { memory.load(ordering: .acquiring)?.encodedHeader }

    func remember(_ header: EncodedHeader) {
        // Nearly always it is the one that is remembered already.
        if let known = encodedHeader, known.isSame(as: header) { return }
        memory.store(Memory(header), ordering: .releasing)
    }
}
