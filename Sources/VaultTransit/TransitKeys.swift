import Libcrypto
import OAuth
import Synchronization

/// The versions of the keys that sign, as Transit has described them. The pinned public half of a key says which version it is.
final class TransitKeys: Sendable {
    typealias Instant = ContinuousClock.Instant
    typealias Read = @Sendable (TransitKeyURI) async throws(RemoteKeyError) -> TransitKey

    private struct State {
        var key: TransitKey?
        var reading: SharedWork<TransitKey>?
        /// When a description was read again because an earlier one did not do.
        var reloadedAt: Instant?
    }

    /// What a caller does that needs a description.
    private enum Step {
        case use(TransitKey)
        case wait(SharedWork<TransitKey>)
    }

    /// The shortest time between two reloads of the same key.
    static let pause: Duration = .seconds(1)

    private let read: Read
    private let now: @Sendable () -> Instant
    private let states = Mutex<[TransitKeyURI: State]>([:])

    init(now: @escaping @Sendable () -> Instant, read: @escaping Read) {
        self.now = now
        self.read = read
    }

    /// The version that has the public half. The description is read if there is none, and again if it has no such version.
    ///
    /// - Parameter isReload: whether Transit has refused the version that the description names.
    func version(of key: PublicKey, at uri: TransitKeyURI, isReload: Bool = false) async throws(RemoteKeyError) -> Int {
        if !isReload, let cached = states.withLock({ $0[uri]?.key }), let version = try? cached.version(of: key) {
            return version
        }
        return try await description(of: uri).version(of: key)
    }

    private func description(of uri: TransitKeyURI) async throws(RemoteKeyError) -> TransitKey {
        let now = now()
        switch states.withLock({ start(&$0[uri, default: State()], uri, now) }) {
        case .use(let key): return key
        case .wait(let reading): return try await reading.value()
        }
    }

    private func start(_ state: inout State, _ uri: TransitKeyURI, _ now: Instant) -> Step {
        if let reading = state.reading { return .wait(reading) }
        if let key = state.key {
            if let last = state.reloadedAt, last.duration(to: now) < Self.pause { return .use(key) }
            state.reloadedAt = now
        }
        let reading = SharedWork<TransitKey>()
        state.reading = reading
        // It is no child of the caller's task: the cancellation of one caller does not end the work of all.
        Task { await self.finish(reading, uri) }
        return .wait(reading)
    }

    private func finish(_ reading: SharedWork<TransitKey>, _ uri: TransitKeyURI) async {
        let outcome: SharedWork<TransitKey>.Outcome
        do throws(RemoteKeyError) { outcome = .success(try await read(uri)) } catch { outcome = .failure(error) }
        states.withLock { states in
            states[uri]?.reading = nil
            if case .success(let key) = outcome { states[uri]?.key = key }
        }
        reading.complete(outcome)
    }
}
