import AccessToken

/// Decides when keys and clients are reloaded. `Files` is a summary of their files that the policy only compares.
struct ReloadPolicy<Files: Equatable & Sendable>: Sendable {
    /// What to do after a check of the files.
    enum Decision: Equatable {
        case nothing
        /// Reload keys, clients and the TLS files.
        case reload(Reason)
        /// Reload the TLS files alone: keys and clients are valid and unchanged.
        case retryTLS
    }

    /// Why everything is reloaded: `reason` in the log.
    enum Reason: String {
        case filesChanged = "files changed"
        case clockSetBack = "the clock was set back"
        case anotherTry = "retry"
        case keyDue = "a key is due"
        case hangup = "SIGHUP"
    }

    /// The interval between retries of invalid files that do not change. A retry may succeed because the cause may be
    /// temporary: an unreachable file server, too many open files.
    static var patience: Duration { .seconds(10) }

    /// The files at the last reload, valid or not.
    private var read: Files
    /// The files at the last check.
    private var seen: Files
    /// The time of the last reload, or of the last retry of the TLS files.
    private var readAt: NumericDate
    /// Whether the last reload found keys or clients invalid.
    private var isRefused = false
    /// Whether the TLS files were invalid when they were last read.
    private var isTLSRefused = false

    /// - Parameter files: the files that were read at `now`, and were valid.
    init(reading files: Files, now: NumericDate) {
        read = files
        seen = files
        readAt = now
    }

    /// Decides after a check of the files. A change is loaded when two consecutive checks have seen the same files, so
    /// that a file that is still being written is not read half.
    ///
    /// - Parameter nextChange: when a key next changes its state, or `nil` if that is not known.
    mutating func look(at files: Files, nextChange: NumericDate?, now: NumericDate) -> Decision {
        let isSettled = files == seen
        seen = files
        if files != read { return isSettled ? .reload(.filesChanged) : .nothing }
        // A schedule computed for a later time does not say which keys sign and are published now.
        if now < readAt { return .reload(.clockSetBack) }
        let isPatient = now < readAt + Self.patience
        if isRefused { return isPatient ? .nothing : .reload(.anotherTry) }
        if let nextChange, nextChange <= now { return .reload(.keyDue) }
        return isTLSRefused && !isPatient ? .retryTLS : .nothing
    }

    /// Records that a reload begins. ``conclude(isRefused:isTLSRefused:)`` records its outcome.
    mutating func begin(reading files: Files, now: NumericDate) {
        read = files
        seen = files
        readAt = now
    }

    /// - Parameters:
    ///   - isRefused: whether keys or clients are invalid.
    ///   - isTLSRefused: whether the TLS files are invalid.
    mutating func conclude(isRefused: Bool, isTLSRefused: Bool) {
        self.isRefused = isRefused
        self.isTLSRefused = isTLSRefused
    }

    /// Records the outcome of a reload of the TLS files alone.
    mutating func retryTLS(isRefused: Bool, now: NumericDate) {
        readAt = now
        isTLSRefused = isRefused
    }
}
