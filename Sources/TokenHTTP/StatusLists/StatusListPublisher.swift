import AccessToken
import JOSE
import LiveState
import NIOPosix
import OAuth
import Signing
import Synchronization

/// Makes the status lists that verifiers ask for, and keeps them while they are good. Requests for a list that is being made wait
/// for it, so that a stampede costs one signature.
final class StatusListPublisher: Sendable {
    /// What becomes of a request for a list.
    enum Outcome: Sendable {
        case list(PublishedStatusList)
        /// The last one, since no newer one can be signed.
        case formerList(PublishedStatusList)
        /// No token that has not expired names it.
        case none
        /// Too many lists are asked for that hardly a token names.
        case tooMany
        /// Nothing can sign it, and the last one has expired.
        case failed
    }

    private enum Turn {
        case end(Outcome)
        /// No other request is making the list, so this one makes it.
        case first
    }

    private struct State {
        var lists = RecentStatusLists()
        var budgets = StatusListBudgets()
        /// Requests that wait for a list that another request is making. Their number is limited by that of connections and
        /// streams.
        var waiting: [StatusListBasis: [CheckedContinuation<Turn, Never>]] = [:]
    }

    private let sign: @Sendable (UnsignedStatusList) async throws -> [UInt8]
    private let urls: StatusListURLs
    private let threads: NIOThreadPool?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - urls: those of all lists.
    ///   - threads: those that make lists; `nil` for the thread of the request that asks for one.
    ///   - sign: returns the signature.
    init(
        urls: StatusListURLs, threads: NIOThreadPool? = .singleton,
        sign: @escaping @Sendable (UnsignedStatusList) async throws -> [UInt8]
    ) {
        self.urls = urls
        self.threads = threads
        self.sign = sign
    }

    /// How many requests wait for a list that is being made.
    var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

    /// The list with this name, as it is at `now`.
    func list(_ name: NumericDate, _ snapshot: Snapshot, now: NumericDate) async -> Outcome {
        let basis = StatusListBasis(name, snapshot, now: now)
        if let known = state.withLock({ $0.lists.use(name) }), known.isCurrent(basis, at: now) { return .list(known) }
        switch await turn(basis, now: now) {
        case .end(let outcome): return outcome
        case .first:
            let made = await make(basis, now: now)
            let (waiting, outcome) = state.withLock { state in
                if let made { state.lists.insert(made, now: now) }
                let waiting = state.waiting.removeValue(forKey: basis) ?? []
                if let made { return (waiting, Outcome.list(made)) }
                // A list that verifiers still accept is better than none.
                let former = state.lists.use(name).flatMap { $0.isValid(at: now) ? $0 : nil }
                return (waiting, former.map { .formerList($0) } ?? .failed)
            }
            for continuation in waiting { continuation.resume(returning: .end(outcome)) }
            return outcome
        }
    }

    private func turn(_ basis: StatusListBasis, now: NumericDate) async -> Turn {
        await withCheckedContinuation { continuation in
            let turn: Turn? = state.withLock { state in
                if let known = state.lists.use(basis.name), known.isCurrent(basis, at: now) {
                    return .end(.list(known))
                }
                if state.waiting[basis] != nil {
                    state.waiting[basis]?.append(continuation)
                    return nil
                }
                let standing = basis.lists.standing(of: basis.name, at: now)
                guard standing != .none else { return .end(.none) }
                guard state.budgets.admit(standing, now: now) else { return .end(.tooMany) }
                state.waiting[basis] = []
                return .first
            }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    /// The compression of a list and its signature take a while, so no thread makes them that answers requests.
    ///
    /// - Returns: `nil` if that fails.
    private func make(_ basis: StatusListBasis, now: NumericDate) async -> PublishedStatusList? {
        let compress = { @Sendable [urls] () throws -> UnsignedStatusList in
            try UnsignedStatusList(
                basis.name, of: basis.lists, at: urls.url(of: basis.name), key: basis.key, now: now)
        }
        do {
            let unsigned = if let threads { try await threads.runIfActive(compress) } else { try compress() }
            return try await PublishedStatusList(
                unsigned.signingInput.compact(with: sign(unsigned)), basis, issuedAt: now)
        } catch {
            return nil
        }
    }
}
