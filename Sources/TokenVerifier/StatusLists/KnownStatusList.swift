import Atomics
import RemoteKeys
import Synchronization

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
    /// Whether a token has used the list since ``lastUse(now:)`` looked.
    private let isUsed = ManagedAtomic(false)
    private let lastUse: Mutex<ContinuousClock.Instant>

    /// - Parameter lastUse: when the first token named it.
    init(_ document: RemoteDocument<StatusListAnswer>, _ figures: Figures, lastUse: ContinuousClock.Instant) {
        self.document = document
        self.figures = figures
        self.lastUse = Mutex(lastUse)
    }

    func use() {
        // A store for each use would have the threads contend for it.
        if !isUsed.load(ordering: .relaxed) { isUsed.store(true, ordering: .relaxed) }
    }

    /// When a token used the list last. A use since the call before counts as one of now: tokens do not read the clock.
    func lastUse(now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        lastUse.withLock { lastUse in
            if isUsed.exchange(false, ordering: .relaxed) { lastUse = now }
            return lastUse
        }
    }
}
