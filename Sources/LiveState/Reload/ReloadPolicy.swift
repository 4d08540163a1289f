import AccessToken

/// Decides when keys and clients are read again. `Files` is what they look like from outside; the policy only compares it.
struct ReloadPolicy<Files: Equatable & Sendable>: Sendable {
    /// What to do after a look.
    enum Decision: Equatable {
        case nothing
        /// Read keys, clients and the files of TLS.
        case reload(Reason)
        /// Read the files of TLS alone: keys and clients are as they should be, and stay as they are.
        case retryTLS
    }

    /// Why everything is read again, as the log says it.
    enum Reason: String {
        case filesChanged = "files changed"
        case clockSetBack = "the clock was set back"
        case anotherTry = "another try"
        case keyDue = "the time of a key has come"
        case hangup = "SIGHUP"
    }

    /// How long what did not check is left alone if the files do not change. The reason may have passed: a file of an
    /// unreachable server, too many open files.
    static var patience: Duration { .seconds(10) }

    /// What was last read, whether it checked or not.
    private var read: Files
    /// What was seen at the last look.
    private var seen: Files
    /// When it was last read.
    private var readAt: NumericDate
    /// Whether keys and clients did not check then.
    private var isRefused = false
    /// Whether the files of TLS did not.
    private var isTLSRefused = false

    /// - Parameter files: what was read at `now`, and checked.
    init(reading files: Files, now: NumericDate) {
        read = files
        seen = files
        readAt = now
    }

    /// A change is read when it has not changed further between two looks, so that a file that is just being written is not
    /// read half.
    ///
    /// - Parameter nextChange: when a key does something else, as far as that is known.
    mutating func look(at files: Files, nextChange: NumericDate?, now: NumericDate) -> Decision {
        let isSettled = files == seen
        seen = files
        if files != read { return isSettled ? .reload(.filesChanged) : .nothing }
        // What was worked out for a time that has not come is not what signs and is published now.
        if now < readAt { return .reload(.clockSetBack) }
        let isPatient = now < readAt + Self.patience
        if isRefused { return isPatient ? .nothing : .reload(.anotherTry) }
        if let nextChange, nextChange <= now { return .reload(.keyDue) }
        return isTLSRefused && !isPatient ? .retryTLS : .nothing
    }

    /// Everything is read now, and ``conclude(isRefused:isTLSRefused:)`` says how that ended.
    mutating func begin(reading files: Files, now: NumericDate) {
        read = files
        seen = files
        readAt = now
    }

    /// - Parameters:
    ///   - isRefused: whether keys or clients did not check.
    ///   - isTLSRefused: whether the files of TLS did not.
    mutating func conclude(isRefused: Bool, isTLSRefused: Bool) {
        self.isRefused = isRefused
        self.isTLSRefused = isTLSRefused
    }

    /// The files of TLS are read now, and nothing else is.
    mutating func retryTLS(isRefused: Bool, now: NumericDate) {
        readAt = now
        isTLSRefused = isRefused
    }
}
