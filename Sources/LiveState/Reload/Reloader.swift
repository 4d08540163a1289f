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
        var certificateWatch = CertificateWatch()
        var settingsLog = SettingsLog()
        /// The snapshots that were replaced, each until no request uses it: freeing many clients takes long, and no thread
        /// that answers requests must do it.
        var former = FormerSnapshots()
    }

    /// What is known of one part.
    struct PartState {
        var policy: ReloadPolicy<WatchedFiles>
        /// The problems that were last logged.
        var problems: [Problem]
        /// The warnings that were last logged.
        var warnings: [Problem] = []
    }

    /// Holds the snapshot that requests are answered from.
    package let snapshots: SnapshotStore
    /// Holds the TLS identity for new connections, if the service ends TLS.
    package let tlsIdentities: TLSIdentityStore
    /// The configuration at the start. It names the files.
    let configuration: ServiceConfiguration
    let logger: Logger
    let threadCount: Int
    let reportReload: @Sendable (_ isApplied: Bool) -> Void
    let reportSettings: @Sendable (ServiceConfiguration) -> Void
    private let state: Mutex<State>
    let status: Mutex<ReloadStatus>

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
        let issuerFiles = (try? configuration.issuers.read())?.files ?? []
        let files = StatePart.allCases.map { ($0, WatchedFiles($0, of: configuration, issuerFiles: issuerFiles)) }
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
        Self.warn(&state, logger)
        state.settingsLog.warn(loader, logger)
        state.secretExpiryWatch.look(snapshot.clients, isNew: true, now: now, logger: logger)
        state.certificateWatch.look(
            tlsIdentities.current, issuer: configuration.issuer, isNew: true, now: now, logger: logger)
        status = Mutex(ReloadStatus(state, at: now))
        self.state = Mutex(state)
    }

    /// Checks for a change, and loads the parts that ``ReloadPolicy`` decides to load.
    package func look(now: NumericDate) {
        state.withLock { state in
            state.former.freeUnused()
            state.secretExpiryWatch.look(snapshots.current.clients, now: now, logger: logger)
            state.certificateWatch.look(tlsIdentities.current, issuer: configuration.issuer, now: now, logger: logger)
            var reload = Reload(now: now)
            for part in StatePart.allCases {
                let files = watchedFiles(part, state)
                switch state.parts[part]?.policy.look(at: files, now: now) ?? .nothing {
                case .nothing:
                    guard part == .clients, reload.mustReadClients else { continue }
                    load(part, files, &state, &reload)
                case .load(let reason):
                    let isChanged = reason == .filesChanged
                    if isChanged { state.parts[part]?.forgetLogged() }
                    guard load(part, files, mayWait: isChanged, &state, &reload) else { continue }
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
                state.parts[part]?.forgetLogged()
                load(part, watchedFiles(part, state), &state, &reload)
            }
            state.scheduleProblems = []
            finish(&state, reload)
        }
    }

    /// Loads the clients, which the service itself has changed.
    package func reloadClients(now: NumericDate) {
        state.withLock { state in
            var reload = Reload(now: now)
            reload.reasons = ["revocation"]
            load(.clients, watchedFiles(.clients, state), &state, &reload)
            finish(&state, reload)
        }
    }

    private func watchedFiles(_ part: StatePart, _ state: State) -> WatchedFiles {
        WatchedFiles(part, of: configuration, issuerFiles: state.loader.issuerFiles)
    }

    /// What the last completed reload found. It does not wait for a reload that is in progress.
    package var lastStatus: ReloadStatus { status.withLock { $0 } }
}
