import Atomics
import RemoteKeys

/// A Status List that tokens name. It is fetched when a token needs it, and refreshed ahead like a key set.
final class KnownStatusList: Sendable {
    /// What is known of the list since it was fetched well.
    final class Figures: Sendable {
        /// In memory; 0 until there is a list.
        let octets = ManagedAtomic(0)
        /// Whether there was ever a list.
        let hasList = ManagedAtomic(false)
    }

    let document: RemoteDocument<StatusListAnswer>
    let figures: Figures
    /// Whether a token has used the list since this was read last.
    private let isUsed = ManagedAtomic(true)

    init(_ document: RemoteDocument<StatusListAnswer>, _ figures: Figures) {
        self.document = document
        self.figures = figures
    }

    func use() {
        // A store for each use would have the threads contend for it.
        if !isUsed.load(ordering: .relaxed) { isUsed.store(true, ordering: .relaxed) }
    }

    /// Whether a token has used the list since the last call.
    func takeUse() -> Bool { isUsed.exchange(false, ordering: .relaxed) }
}
