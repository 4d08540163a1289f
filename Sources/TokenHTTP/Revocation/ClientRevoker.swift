import AccessToken
import Admission
import LiveState
import Logging
import OAuth
import ServiceFiles
import Synchronization

/// Revokes the tokens of clients for the revocation endpoint: it writes the clients file as `writ clients revoke` does, has the
/// service read it, and ends when the moment has come.
///
/// The file is read once for all clients that ask while it is written.
final class ClientRevoker: Sendable {
    private struct Waiting {
        let client: ClientID
        let continuation: CheckedContinuation<Result<NumericDate, TokenRefusal>, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var limits = RevocationLimits()
    }

    private let files: FilesThread
    /// Writes that what the client got before the moment is revoked.
    private let write: @Sendable (_ client: ClientID, _ moment: NumericDate, _ now: NumericDate) throws -> Void
    /// Reads what was written.
    private let reload: @Sendable (_ now: NumericDate) -> Void
    private let clock: @Sendable () -> NumericDate
    private let wait: @Sendable (NumericDate) async -> Void
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - clock: the time of each revocation.
    ///   - wait: waits until a moment has come.
    init(
        files: FilesThread, logger: Logger, clock: @escaping @Sendable () -> NumericDate = { .now },
        wait: @escaping @Sendable (NumericDate) async -> Void = { await $0.wait(atMost: .seconds(5)) },
        write: @escaping @Sendable (_ client: ClientID, _ moment: NumericDate, _ now: NumericDate) throws -> Void,
        reload: @escaping @Sendable (_ now: NumericDate) -> Void
    ) {
        self.files = files
        self.logger = logger
        self.clock = clock
        self.wait = wait
        self.write = write
        self.reload = reload
    }

    convenience init(files: FilesThread, reloader: Reloader, logger: Logger) {
        self.init(files: files, logger: logger) { client, moment, now in
            let configuration = reloader.snapshots.current.configuration
            try ClientsEditor(
                ClientsLocation(configuration.clientsPath, .revocation), delegations: configuration.delegations,
                retention: configuration.longestAccessTokenLifetime
            ).revoke(client, at: moment, now: now)
        } reload: {
            reloader.reloadClients(now: $0)
        }
    }

    /// How far ahead a moment lies: by then all replicas with the same file have read it.
    private static let lead: Duration = .seconds(3)

    /// Revokes what the client has got up to now. When it returns, the moment has come: what the client gets from then on is good.
    ///
    /// - Throws: if the file cannot be written now, and if clients have revoked too often.
    func revoke(_ client: ClientID, now: NumericDate) async throws(TokenRefusal) {
        if let wait = state.withLock({ $0.limits.wait(for: client, now: now) }) {
            throw TokenRefusal(.revocationUnavailable, retryAfter: wait)
        }
        let result: Result<NumericDate, TokenRefusal> = await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append(Waiting(client: client, continuation: continuation)) }
            // If a job waits already, it finds this client too.
            files.run(.revocation) { [self] in revokeAll() }
        }
        await wait(try result.get())
    }

    /// Writes what waits, on the thread for files: each client once.
    private func revokeAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        guard !waiting.isEmpty else { return }
        var results: [ClientID: Result<NumericDate, TokenRefusal>] = [:]
        for each in waiting where results[each.client] == nil { results[each.client] = revoke(each.client) }
        reload(clock())
        for each in waiting {
            each.continuation.resume(returning: results[each.client] ?? .failure(TokenRefusal(.revocationUnavailable)))
        }
    }

    private func revoke(_ client: ClientID) -> Result<NumericDate, TokenRefusal> {
        let now = clock()
        let moment = now + Self.lead
        do {
            try write(client, moment, now)
            state.withLock { $0.limits.add(client, now: now) }
            return .success(moment)
        } catch {
            logger.error("A client has revoked its tokens, and the clients file cannot be written: \(error)")
            return .failure(TokenRefusal(.revocationUnavailable))
        }
    }
}
