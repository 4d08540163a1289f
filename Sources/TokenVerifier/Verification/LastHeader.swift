import Atomics
import JOSE

/// The header of the last verified token. The next token most likely has the same. It is read and written without a
/// lock.
final class LastHeader: Sendable {
    private final class Stored: AtomicReference, Sendable {
        let encodedHeader: EncodedHeader

        init(_ encodedHeader: EncodedHeader) { self.encodedHeader = encodedHeader }
    }

    private let stored = ManagedAtomic<Stored?>(nil)

    var encodedHeader: EncodedHeader? { stored.load(ordering: .acquiring)?.encodedHeader }

    func store(_ header: EncodedHeader) { stored.store(Stored(header), ordering: .releasing) }
}
