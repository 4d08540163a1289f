package import AccessToken
package import Logging
package import OAuth
package import ServiceFiles
import Synchronization

/// Replaces the snapshot when settings, keys or clients have changed, or when a key is due. The parts are replaced apart:
/// what is wrong with one keeps no other as it was.
package final class Reloader: Sendable {
    struct State {
        var loader: SnapshotLoader
        var parts: [StatePart: PartState]
        var schedule: SchedulePolicy
        /// What is wrong with keys and clients together, such as that no key can sign now.
        var scheduleProblems: [Problem] = []
        var secretExpiryWatch = SecretExpiryWatch()
        var settingsLog = SettingsLog()
    }

    /// What is known of one part.
    struct PartState {
        var policy: ReloadPolicy<WatchedFiles>
        /// The problems that were last logged.
        var problems: [Problem]
    }

    /// Holds the snapshot that requests are answered from.
    package let snapshots: SnapshotStore
    /// Holds the TLS identity for new connections, if the service ends TLS.
    package let tlsIdentities: TLSIdentityStore
    /// The configuration at the start. It names the files.
    let configuration: ServiceConfiguration
    let logger: Logger
    private let threadCount: Int
    private let reportReload: @Sendable (_ isApplied: Bool) -> Void
    private let reportSettings: @Sendable (ServiceConfiguration) -> Void
    private let state: Mutex<State>
    private let status: Mutex<ReloadStatus>

    /// Makes the first snapshot.
    ///
    /// - Parameters:
    ///   - coreCount: how many cores the process may use. A later reload leaves one of them to requests.
    ///   - reportReload: called after each later reload, whether everything that was loaded is valid or not.
    ///   - reportSettings: called with the settings in force after ``ServiceConfiguration/file`` has changed.
    /// - Throws: all problems with keys, clients and TLS files at once, if one of them is a reason not to start.
    package init(
        _ configuration: ServiceConfiguration, timing: KeyTiming = .standard, coreCount: Int = 1, logger: Logger,
        reportReload: @escaping @Sendable (_ isApplied: Bool) -> Void = { _ in },
        reportSettings: @escaping @Sendable (ServiceConfiguration) -> Void = { _ in }, now: NumericDate
    ) throws(InvalidConfiguration) {
        // Before the files are read, so that a change in between is noticed.
        let files = StatePart.allCases.map { ($0, WatchedFiles($0, of: configuration)) }
        var loader = SnapshotLoader(configuration, timing: timing)
        var problems: [Problem] = []
        let tlsIdentities = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try TLSIdentityStore(configuration)
        }
        let snapshot = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try loader.load(now: now, threadCount: coreCount)
        }
        guard let tlsIdentities, let snapshot else { throw InvalidConfiguration(problems) }
        self.tlsIdentities = tlsIdentities
        snapshots = SnapshotStore(snapshot)
        self.configuration = configuration
        self.logger = logger
        self.reportReload = reportReload
        self.reportSettings = reportSettings
        threadCount = max(1, coreCount - 1)
        let parts = files.map { part, files in
            let problems = loader.problems(of: part)
            let policy = ReloadPolicy(reading: files, isRefused: !problems.isEmpty, now: now)
            return (part, PartState(policy: policy, problems: problems))
        }
        var state = State(
            loader: loader, parts: Dictionary(uniqueKeysWithValues: parts), schedule: SchedulePolicy(computedAt: now))
        ProblemLog.add(loader.problems, "Not loaded", to: logger)
        state.settingsLog.warn(configuration, logger)
        state.secretExpiryWatch.look(snapshot.clients, isNew: true, now: now, logger: logger)
        status = Mutex(ReloadStatus(state, at: now))
        self.state = Mutex(state)
    }

    /// Checks for a change, and loads the parts that ``ReloadPolicy`` decides to load.
    package func look(now: NumericDate) {
        state.withLock { state in
            state.secretExpiryWatch.look(snapshots.current.clients, now: now, logger: logger)
            var reload = Reload(now: now)
            for part in StatePart.allCases {
                let files = WatchedFiles(part, of: configuration)
                switch state.parts[part]?.policy.look(at: files, now: now) ?? .nothing {
                case .nothing: continue
                case .load(let reason):
                    if reason == .filesChanged { state.parts[part]?.problems = [] }
                    load(part, files, &state, &reload)
                    reload.reasons.append(reason.rawValue)
                case .attempt:
                    guard attempt(part, files, &state, &reload) else { continue }
                    reload.reasons.append(ReloadPolicy<WatchedFiles>.Reason.filesChanged.rawValue)
                }
            }
            if let reason = state.schedule.look(nextChange: snapshots.current.nextChange, now: now) {
                reload.reasons.append(reason.rawValue)
                reload.needsSnapshot = true
            }
            finish(&state, reload)
        }
    }

    /// Loads everything, changed or not.
    package func reload(now: NumericDate) {
        state.withLock { state in
            var reload = Reload(now: now, opensAll: true)
            reload.reasons = ["SIGHUP"]
            for part in StatePart.allCases {
                state.parts[part]?.problems = []
                load(part, WatchedFiles(part, of: configuration), &state, &reload)
            }
            state.scheduleProblems = []
            finish(&state, reload)
        }
    }

    /// What the last completed reload found. It does not wait for a reload that is in progress.
    package var lastStatus: ReloadStatus { status.withLock { $0 } }

    /// One reload: what was loaded, and why.
    private struct Reload {
        let now: NumericDate
        var opensAll = false
        var reasons: [String] = []
        var parts: [StatePart] = []
        var problems: [Problem] = []
        var needsSnapshot = false
        var hasNewSettings = false
    }

    private func load(_ part: StatePart, _ files: WatchedFiles, _ state: inout State, _ reload: inout Reload) {
        let problems = read(part, &state, &reload)
        conclude(part, files, problems, &state, &reload)
    }

    /// Loads a part whose files may be half written, and forgets what it has read if that does not check.
    ///
    /// - Returns: whether the part was loaded.
    private func attempt(
        _ part: StatePart, _ files: WatchedFiles, _ state: inout State, _ reload: inout Reload
    ) -> Bool {
        let former = state.loader
        let problems = read(part, &state, &reload)
        guard problems.isEmpty else {
            state.loader = former
            return false
        }
        conclude(part, files, [], &state, &reload)
        return true
    }

    private func read(_ part: StatePart, _ state: inout State, _ reload: inout Reload) -> [Problem] {
        switch part {
        case .keys: return state.loader.readKeys(opensAll: reload.opensAll, now: reload.now).problems
        case .clients: return state.loader.readClients(threadCount: threadCount).problems
        case .tls: return tlsIdentities.reload()
        case .configuration:
            do throws(InvalidConfiguration) {
                let new = try configuration.readAgain()
                state.settingsLog.add(new, at: configuration, logger)
                state.loader.adopt(configuration.adopting(new))
                reload.hasNewSettings = true
                return []
            } catch {
                return error.problems
            }
        }
    }

    private func conclude(
        _ part: StatePart, _ files: WatchedFiles, _ problems: [Problem], _ state: inout State, _ reload: inout Reload
    ) {
        state.parts[part]?.policy.conclude(files, isRefused: !problems.isEmpty, now: reload.now)
        reload.parts.append(part)
        reload.problems += problems
        if part != .tls { reload.needsSnapshot = true }
        // A problem is logged once for each change and each signal, however often the reload is retried.
        if problems != state.parts[part]?.problems { ProblemLog.add(problems, "Not reloaded", to: logger) }
        state.parts[part]?.problems = problems
    }

    /// Replaces the snapshot if a part of it was loaded or a key is due.
    private func finish(_ state: inout State, _ reload: Reload) {
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
        state.settingsLog.warn(state.loader.configuration, logger)
        status.withLock { $0 = ReloadStatus(state, at: now) }
        reportReload(problems.isEmpty)
    }

    private func replace(with snapshot: Snapshot, _ state: inout State, _ reload: Reload, isGood: Bool) {
        let former = snapshots.current
        snapshots.replace(with: snapshot)
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
