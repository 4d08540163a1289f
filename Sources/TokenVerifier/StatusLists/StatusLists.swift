import AccessToken
import Atomics
import CoreMetrics
import JOSE
import RemoteKeys
import Synchronization
import WireText

/// The Status Lists of one issuer that tokens have used recently. Their number and their memory are bounded.
///
/// Reading takes no lock: the table is replaced when a list comes or goes, which is every few minutes.
final class StatusLists: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// In lists.
    static let capacity = 512
    /// In octets, for all lists together.
    static let maximumOctets = 64 << 20
    /// A list that no token has used for this time is dropped.
    static let longestIdleTime = Duration.seconds(300)

    private final class Table: AtomicReference, Sendable {
        let lists: [ExactText: KnownStatusList]

        init(_ lists: [ExactText: KnownStatusList]) { self.lists = lists }
    }

    private let table = ManagedAtomic(Table([:]))
    /// Held while the table is replaced.
    private let changing = Mutex(())
    private let budget: Budget
    private let source: StatusListSource
    private let caching: DocumentCaching
    private let telemetry: StatusListTelemetry
    private let clock: @Sendable () -> Instant

    /// Shared with the fetches of all lists.
    private final class Budget: Sendable {
        let state = Mutex(StatusListBudget())
    }

    /// - Parameter staleness: how long a list is used while it cannot be fetched again.
    init(
        staleness: Duration, source: StatusListSource, telemetry: StatusListTelemetry,
        clock: @escaping @Sendable () -> Instant
    ) {
        budget = Budget()
        self.source = source
        self.telemetry = telemetry
        self.clock = clock
        // A server that is down is asked every ten seconds, and no token waits for it in between: it may not even answer
        // within the time limit of a fetch.
        var caching = DocumentCaching(
            maximumStaleness: min(max(staleness, .zero), .seconds(Int32.max)), coolDown: .seconds(10))
        caching.shortestFreshness = .seconds(1)
        self.caching = caching
    }

    /// The answer for a list if it may be used without waiting, else `nil`: then call ``current(_:)``.
    func cached(_ uri: String) -> StatusListAnswer? {
        guard let list = table.load(ordering: .acquiring).lists[ExactText(uri)] else { return nil }
        list.use()
        return list.document.cachedAnswer
    }

    /// The answer for a list, fresh if its server answers, else the last one that may still be used.
    func current(_ uri: String) async throws(DocumentFetchError) -> StatusListAnswer {
        let name = ExactText(uri)
        let list = table.load(ordering: .acquiring).lists[name] ?? add(name)
        list.use()
        let answer = try await list.document.current().value
        // It may take more memory than the one before.
        trim(keeping: name)
        return answer
    }

    /// Drops the lists that are not used any more, and starts the fetches that are due for the others.
    ///
    /// - Returns: the time until the next is due.
    func refreshIfDue() -> Duration {
        trim(keeping: nil)
        let lists = table.load(ordering: .acquiring).lists.values.filter {
            $0.figures.hasList.load(ordering: .relaxed)
        }
        if let age = lists.compactMap(\.document.age).max() { telemetry.record(age: age) }
        return lists.map { $0.document.refreshIfDue() }.min() ?? Self.longestIdleTime
    }

    /// The number of lists.
    var count: Int { table.load(ordering: .acquiring).lists.count }

    private func add(_ name: ExactText) -> KnownStatusList {
        changing.withLock { _ in
            var lists = table.load(ordering: .acquiring).lists
            // Another token may have named it since.
            if let list = lists[name] { return list }
            let list = newList(name.description)
            lists[name] = list
            dropSurplus(from: &lists, keeping: name)
            table.store(Table(lists), ordering: .releasing)
            return list
        }
    }

    private func newList(_ uri: String) -> KnownStatusList {
        let figures = KnownStatusList.Figures()
        let document = RemoteDocument<StatusListAnswer>(
            caching: caching, reportFailure: { [telemetry] error in telemetry.failed(error, uri) }, now: clock
        ) { [budget, source, telemetry, clock] () throws(DocumentFetchError) in
            if !figures.hasList.load(ordering: .relaxed) {
                guard budget.state.withLock({ $0.take(now: clock()) }) else { throw DocumentFetchError(.tooFrequent) }
            }
            let fetched = try await source.fetch(uri)
            if case .list(let token) = fetched.value {
                figures.octets.store(token.list.octetCount, ordering: .relaxed)
                figures.hasList.store(true, ordering: .relaxed)
            }
            telemetry.fetched(fetched.value, uri)
            return fetched
        }
        return KnownStatusList(document, figures, lastUse: clock())
    }

    private func trim(keeping kept: ExactText?) {
        changing.withLock { _ in
            var lists = table.load(ordering: .acquiring).lists
            if dropSurplus(from: &lists, keeping: kept) { table.store(Table(lists), ordering: .releasing) }
        }
    }

    /// Drops the lists that were not used recently, and more if there are too many: first those that no good answer has come
    /// for, then those that were not used for the longest time.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    private func dropSurplus(from lists: inout [ExactText: KnownStatusList], keeping kept: ExactText?) -> Bool {
        let now = clock()
        let countBefore = lists.count
        var octets = 0
        var rest: [Candidate] = []
        for (name, list) in lists {
            let candidate = Candidate(name, list, now: now)
            if name != kept {
                guard candidate.lastUse.duration(to: now) < Self.longestIdleTime else {
                    lists[name] = nil
                    continue
                }
                rest.append(candidate)
            }
            octets += candidate.octets
        }
        while lists.count > Self.capacity || octets > Self.maximumOctets,
            let least = rest.indices.min(by: { rest[$0].isLessUseful(than: rest[$1]) })
        {
            let candidate = rest.remove(at: least)
            lists[candidate.name] = nil
            octets -= candidate.octets
        }
        return lists.count < countBefore
    }

    /// A list that may be dropped.
    private struct Candidate {
        let name: ExactText
        let hasList: Bool
        let octets: Int
        let lastUse: Instant

        init(_ name: ExactText, _ list: KnownStatusList, now: Instant) {
            self.name = name
            hasList = list.figures.hasList.load(ordering: .relaxed)
            octets = list.figures.octets.load(ordering: .relaxed)
            lastUse = list.lastUse(now: now)
        }

        func isLessUseful(than other: Candidate) -> Bool {
            hasList == other.hasList ? lastUse < other.lastUse : !hasList
        }
    }
}
