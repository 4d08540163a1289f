import AccessToken
package import JOSE
package import OAuth
import Synchronization

/// Signatures that other places make. Their number at once is limited. The others wait for their turns, which clients take one after
/// the other. A signature that is not made in time is refused.
package final class RemoteSigning: Sendable {
    /// Called when a signature was made, or failed. The error is `nil` if it was made. The time is from the request for the
    /// signature on, with the wait for its turn.
    package typealias Report = @Sendable (KeyURI.Place, RemoteKeyError?, Duration) -> Void

    private struct State {
        var waiting = FairQueue<ClientID?, RemoteSigningJob>()
        var pace = RemotePace()
        /// Signatures that places were asked for and that the stores have not given up.
        var inFlight = 0
    }

    private let stores: RemoteKeyStores
    private let limit: Int
    private let wait: Duration
    private let report: Report
    private let state: Mutex<State>

    /// - Parameters:
    ///   - limit: the most signatures that are under way at once: `remote_keys.in_flight`.
    ///   - wait: the longest time for a signature, with the wait for its turn: `remote_keys.wait`.
    package init(
        _ stores: RemoteKeyStores, limit: Int, wait: Duration, report: @escaping Report = { _, _, _ in }
    ) {
        self.stores = stores
        self.limit = max(limit, 1)
        self.wait = wait
        self.report = report
        state = Mutex(State())
    }

    /// For a service without such keys.
    package static let none = RemoteSigning(RemoteKeyStores(), limit: 1, wait: .zero)

    /// How many signatures are under way.
    package var inFlightCount: Int { state.withLock { $0.inFlight } }

    /// How many signatures wait for their turns.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// The signature of `key` over `message`, checked with its public half.
    ///
    /// - Parameter client: the client whose turn it takes; `nil` for the service itself.
    func signature(
        over message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm, for client: ClientID?
    ) async throws(RemoteKeyError) -> [UInt8] {
        let start = ContinuousClock.now
        let result = await result(of: message, key, algorithm, client)
        var error: RemoteKeyError?
        if case .failure(let failure) = result { error = failure }
        report(key.uri.place, error, start.duration(to: .now))
        return try result.get()
    }

    private func result(
        of message: [UInt8], _ key: RemoteKey, _ algorithm: SignatureAlgorithm, _ client: ClientID?
    ) async -> Result<[UInt8], RemoteKeyError> {
        let job = RemoteSigningJob { [stores] () async throws(RemoteKeyError) in
            try await stores.sign(message, with: key, algorithm)
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                job.begin(answer, within: wait)
                add(job, of: client)
            }
        } onCancel: {
            job.end(.failure(.timedOut))
        }
    }

    /// Makes a signature that is used for nothing else, to find out whether the key signs. It is not reported.
    package func prove(_ key: RemoteKey, _ algorithm: SignatureAlgorithm) async throws(RemoteKeyError) {
        _ = try await result(of: RemoteKeyStores.trialMessage, key, algorithm, nil).get()
    }

    private func add(_ job: RemoteSigningJob, of client: ClientID?) {
        let (isFirst, refused) = state.withLock { state -> (Bool, RemoteSigningJob?) in
            guard state.inFlight >= limit else {
                state.inFlight += 1
                return (true, nil)
            }
            switch state.waiting.add(job, of: client, room: state.pace.room(limit: limit, wait: wait)) {
            case .admitted: return (false, nil)
            case .admittedInsteadOf(let other): return (false, other)
            case .refused: return (false, job)
            }
        }
        refused?.end(.failure(.overloaded))
        if isFirst { Task { await perform(job) } }
    }

    /// Has the place make the signature, and then those that wait, one after the other.
    private func perform(_ first: RemoteSigningJob) async {
        var next: RemoteSigningJob? = first
        while let job = next {
            let start = ContinuousClock.now
            await job.perform()
            next = takeNext(after: start.duration(to: .now))
        }
    }

    private func takeNext(after duration: Duration) -> RemoteSigningJob? {
        state.withLock { state in
            state.pace.took(duration)
            while let job = state.waiting.popFirst() {
                guard !job.hasEnded else { continue }
                return job
            }
            state.inFlight -= 1
            return nil
        }
    }
}

/// How long signatures of another place took lately, which decides how many may wait.
struct RemotePace {
    /// The most signatures that may wait, however quick they are.
    static let largestRoom = 4096
    /// The weight of each new duration in the mean.
    private static let weight = 1.0 / 8

    /// In seconds. At first that of a place in the same network.
    private var mean = 0.02

    mutating func took(_ duration: Duration) { mean += (duration / .seconds(1) - mean) * Self.weight }

    /// How many signatures may wait beside those that are under way, so that the last one is made within `wait`.
    func room(limit: Int, wait: Duration) -> Int {
        let made = Double(limit) * (wait / .seconds(1)) / max(mean, 1e-6)
        return max(0, Int(min(made, Double(Self.largestRoom))) - limit)
    }
}
