import AccessToken
import Logging
import OAuth
import ServiceFiles

extension Reloader {
    /// The most clients that a clients file loses at once without a doubt that it is half written.
    private static let fewClients = 3

    /// Decides whether to wait for one more check, though the clients file was read: it has lost many clients, and its
    /// writer may only have paused at the end of an entry. It happens once for each change, so that a change still takes
    /// effect within two seconds.
    func isWaitingForClients(_ state: inout State, after former: SnapshotLoader, now: NumericDate) -> Bool {
        guard state.parts[.clients]?.policy.hasPostponed == false,
            state.loader.hasLost(moreThan: Self.fewClients, since: former)
        else { return false }
        state.loader = former
        state.parts[.clients]?.policy.postpone(now: now)
        logger.info("The clients file has lost clients, and is looked at once more")
        return true
    }

    /// Logs what is unusual in issuers and clients that are in use, once for each change and each signal.
    static func warn(_ state: inout State, _ logger: Logger) {
        let found: [(StatePart, [Problem])] = [
            (.issuers, state.loader.issuersReading?.warnings ?? []),
            (.clients, state.loader.clientsReading?.warnings ?? []),
        ]
        for (part, warnings) in found {
            if warnings != state.parts[part]?.warnings { ProblemLog.warn(warnings, to: logger) }
            state.parts[part]?.warnings = warnings
        }
    }
}

extension Reloader.PartState {
    /// What is found again is logged again.
    mutating func forgetLogged() {
        problems = []
        warnings = []
    }
}

extension SnapshotLoader {
    /// Whether more than `count` clients that `former` had are gone.
    func hasLost(moreThan count: Int, since former: SnapshotLoader) -> Bool {
        guard let old = former.clients?.reading.clients, let new = clients?.registry else { return false }
        var lost = 0
        for client in old where new[client.id] == nil {
            lost += 1
            if lost > count { return true }
        }
        return false
    }
}
