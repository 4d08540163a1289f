import AccessToken
import Logging
import OAuth
import ServiceFiles
import Synchronization

extension Reloader {
    /// One reload: what was loaded, and why.
    struct Reload {
        let now: NumericDate
        var opensAll = false
        var reasons: [String] = []
        var parts: [StatePart] = []
        var problems: [Problem] = []
        var needsSnapshot = false
        /// Whether clients must be read again, since what is checked about them has changed.
        var mustReadClients = false
        var hasNewSettings = false
    }

    /// Loads a part.
    ///
    /// - Parameter mayWait: whether to look once more before many clients are removed.
    /// - Returns: whether the part was loaded.
    @discardableResult
    func load(
        _ part: StatePart, _ files: WatchedFiles, mayWait: Bool = false, _ state: inout State, _ reload: inout Reload
    ) -> Bool {
        let former = state.loader
        let (problems, _) = read(part, &state, &reload)
        if mayWait, part == .clients, isWaitingForClients(&state, after: former, now: reload.now) { return false }
        conclude(part, files, problems, &state, &reload)
        return true
    }

    /// Loads a part whose files may be half written, and forgets what it has read if that does not check.
    ///
    /// - Returns: whether the part was loaded.
    func attempt(
        _ part: StatePart, _ files: WatchedFiles, _ state: inout State, _ reload: inout Reload
    ) -> Bool {
        let former = state.loader
        let (problems, isUsable) = read(part, &state, &reload)
        // A mistake that was there before does not keep back what was revoked. A new one may be the end of what is written.
        guard isUsable, problems.count <= state.parts[part]?.problems.count ?? 0 else {
            state.loader = former
            return false
        }
        conclude(part, files, problems, &state, &reload)
        return true
    }

    /// - Returns: the problems, and whether the files can be used but for single keys or clients.
    private func read(
        _ part: StatePart, _ state: inout State, _ reload: inout Reload
    ) -> (problems: [Problem], isUsable: Bool) {
        switch part {
        case .keys: return state.loader.readKeys(opensAll: reload.opensAll, now: reload.now)
        case .issuers:
            let former = state.loader.issuerNames
            defer { if state.loader.issuerNames != former { reload.mustReadClients = true } }
            return state.loader.readIssuers()
        case .clients: return state.loader.readClients(threadCount: threadCount)
        case .tls:
            let problems = tlsIdentities.reload()
            return (problems, problems.isEmpty)
        case .configuration:
            do throws(InvalidConfiguration) {
                let new = try configuration.readAgain()
                state.settingsLog.add(new, at: configuration, logger)
                let former = state.loader.configuration.clientsContext
                state.loader.adopt(configuration.adopting(new))
                if state.loader.configuration.clientsContext != former { reload.mustReadClients = true }
                reload.hasNewSettings = true
                return (configuration.connectionFileProblems, true)
            } catch {
                return (error.problems, false)
            }
        }
    }

    private func conclude(
        _ part: StatePart, _ files: WatchedFiles, _ problems: [Problem], _ state: inout State, _ reload: inout Reload
    ) {
        // Issuers may name other files than they did when these were looked at.
        let files =
            part == .issuers
            ? files.with(WatchedFiles(part, of: configuration, issuerFiles: state.loader.issuerFiles)) : files
        state.parts[part]?.policy.conclude(files, isRefused: !problems.isEmpty, now: reload.now)
        reload.parts.append(part)
        reload.problems += problems
        if part == .tls {
            state.certificateWatch.look(
                tlsIdentities.current, issuer: configuration.issuer, isNew: true, now: reload.now, logger: logger)
        } else {
            reload.needsSnapshot = true
        }
        // A problem is logged once for each change and each signal, however often the reload is retried.
        if problems != state.parts[part]?.problems { ProblemLog.add(problems, "Not reloaded", to: logger) }
        state.parts[part]?.problems = problems
        if part == .clients || part == .issuers { Self.warn(&state, logger) }
    }

    /// Replaces the snapshot if a part of it was loaded or a key is due.
    func finish(_ state: inout State, _ reload: Reload) {
        guard !reload.reasons.isEmpty else { return }
        let now = reload.now
        var problems = reload.problems
        if reload.needsSnapshot {
            let (snapshot, scheduleProblems) = state.loader.makeSnapshot(now: now)
            state.schedule.conclude(isRefused: !scheduleProblems.isEmpty, now: now)
            if scheduleProblems != state.scheduleProblems {
                ProblemLog.add(scheduleProblems, "Not reloaded", to: logger)
            }
            state.scheduleProblems = scheduleProblems
            problems += scheduleProblems
            if let snapshot { replace(with: snapshot, &state, reload, isGood: problems.isEmpty) }
        } else if problems.isEmpty {
            logger.info("Reloaded", metadata: ["reason": "\(Self.list(reload.reasons))", "parts": "tls"])
        }
        state.settingsLog.warn(state.loader, logger)
        status.withLock { $0 = ReloadStatus(state, at: now) }
        reportReload(problems.isEmpty)
    }

    private func replace(with snapshot: Snapshot, _ state: inout State, _ reload: Reload, isGood: Bool) {
        let former = snapshots.current
        snapshots.replace(with: snapshot)
        state.former.add(former)
        if reload.hasNewSettings { reportSettings(snapshot.configuration) }
        if reload.parts.contains(.clients) {
            state.secretExpiryWatch.look(snapshot.clients, isNew: true, now: reload.now, logger: logger)
        }
        // A retry that finds the same problems again is no news.
        if isGood || !reload.reasons.allSatisfy({ $0 == "retry" }) {
            var metadata: Logger.Metadata = [
                "reason": "\(Self.list(reload.reasons))", "clients": "\(snapshot.clients.count)",
                "kid": "\(snapshot.signingKey(at: reload.now).keyID)",
            ]
            if !reload.parts.isEmpty { metadata["parts"] = "\(Self.list(reload.parts.map(\.rawValue)))" }
            logger.info("Reloaded", metadata: metadata)
        }
        for change in KeyChange.changes(from: former, to: snapshot) {
            logger.info("Key changed", metadata: change.metadata)
        }
    }

    /// Each of the words once.
    private static func list(_ words: [String]) -> String {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }.joined(separator: ", ")
    }
}
