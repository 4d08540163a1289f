import Synchronization

/// Which connections to the store are ready, and what was reported of it.
final class StoreState: Sendable {
    private struct State {
        var isReady: [Bool]
        /// Why connections failed since all were ready the last time; each is reported once.
        var reported: Set<StoreFailure> = []
        var wasUp = false
    }

    /// More reasons than that are not told apart.
    private static let mostReasons = 8

    private let state: Mutex<State>
    private let report: @Sendable (StoreFailure?) -> Void

    init(linkCount: Int, report: @escaping @Sendable (StoreFailure?) -> Void) {
        state = Mutex(State(isReady: Array(repeating: false, count: linkCount)))
        self.report = report
    }

    /// Whether all connections are ready.
    var isUp: Bool { state.withLock { state in state.isReady.allSatisfy(\.self) } }

    /// - Parameter failure: `nil` if the connection is ready.
    func change(_ index: Int, failure: StoreFailure?) {
        let isNews = state.withLock { state in
            state.isReady[index] = failure == nil
            guard let failure else {
                let isNews = !state.wasUp && state.isReady.allSatisfy(\.self)
                if isNews {
                    state.wasUp = true
                    state.reported = []
                }
                return isNews
            }
            state.wasUp = false
            return state.reported.count < Self.mostReasons && state.reported.insert(failure).inserted
        }
        if isNews { report(failure) }
    }
}
