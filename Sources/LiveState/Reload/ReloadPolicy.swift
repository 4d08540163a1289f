import AccessToken

/// Decides when one part of the state is loaded again. `Files` is a summary of its files that the policy only compares.
struct ReloadPolicy<Files: Equatable & Sendable>: Sendable {
    /// What to do after a check of the files.
    enum Decision: Equatable {
        case nothing
        /// The files stand still: load them, and report what is wrong with them.
        case load(Reason)
        /// The files change at every check: load them if they check now. If not, they may be half written, and the next
        /// check decides again.
        case attempt
    }

    /// Why the part is loaded: `reason` in the log.
    enum Reason: String {
        case filesChanged = "files changed"
        case anotherTry = "retry"
    }

    /// The interval between retries of invalid files that do not change. A retry may succeed because the cause may be
    /// temporary: an unreachable file server, too many open files.
    static var patience: Duration { .seconds(10) }

    /// After this many checks that each saw other files, half a second apart, the files are no longer waited for: the
    /// first of these checks came half a second after the change at most, so that a change is loaded within two seconds.
    static var checksOfChanging: Int { 3 }

    /// The files at the last load, valid or not.
    private var read: Files
    /// The files at the last check.
    private var seen: Files
    /// How many checks in a row have seen files that were neither loaded nor seen before.
    private var changingChecks = 0
    /// When the files were first seen to change since they were loaded.
    private var changingSince: NumericDate?
    /// Whether the load of the change at hand was put off once.
    private(set) var hasPostponed = false
    /// The time of the last load.
    private var readAt: NumericDate
    /// Whether the last load found files that are invalid.
    private var isRefused = false

    /// - Parameter files: the files that were read at `now`.
    init(reading files: Files, isRefused: Bool = false, now: NumericDate) {
        read = files
        seen = files
        readAt = now
        self.isRefused = isRefused
    }

    /// Decides after a check of the files. A change is loaded when two consecutive checks have seen the same files, so
    /// that a file that is still being written is not read half; and at the latest at the third check.
    mutating func look(at files: Files, now: NumericDate) -> Decision {
        let isSettled = files == seen
        seen = files
        guard files != read else {
            forgetChange()
            // After the clock was set back, the time of the last load says nothing.
            let isPatient = readAt <= now && now < readAt + Self.patience
            return isRefused && !isPatient ? .load(.anotherTry) : .nothing
        }
        if isSettled { return .load(.filesChanged) }
        changingChecks += 1
        let since = changingSince.map { min($0, now) } ?? now
        changingSince = since
        guard changingChecks >= Self.checksOfChanging else { return .nothing }
        // Files that never stand still and never check are reported in the end.
        return now < since + Self.patience ? .attempt : .load(.filesChanged)
    }

    /// Puts a load off to the next check: the same files are then loaded, and others are not waited for.
    mutating func postpone(now: NumericDate) {
        hasPostponed = true
        changingChecks = Self.checksOfChanging - 1
        changingSince = changingSince ?? now
    }

    /// Records a load.
    ///
    /// - Parameters:
    ///   - files: the files before they were loaded.
    ///   - isRefused: whether something in them is invalid.
    mutating func conclude(_ files: Files, isRefused: Bool, now: NumericDate) {
        read = files
        seen = files
        readAt = now
        forgetChange()
        self.isRefused = isRefused
    }

    private mutating func forgetChange() {
        changingChecks = 0
        changingSince = nil
        hasPostponed = false
    }
}

/// Decides when the states of the keys are computed again, though their files are unchanged.
struct SchedulePolicy: Sendable {
    /// Why they are computed: `reason` in the log.
    enum Reason: String {
        case clockSetBack = "the clock was set back"
        case keyDue = "a key is due"
        case anotherTry = "retry"
    }

    private var computedAt: NumericDate
    /// Whether no key could sign.
    private var isRefused = false

    init(computedAt: NumericDate) { self.computedAt = computedAt }

    /// - Parameter nextChange: when a key next changes its state; `nil` if that is not known.
    func look(nextChange: NumericDate?, now: NumericDate) -> Reason? {
        // A schedule computed for a later time does not say which keys sign and are published now.
        if now < computedAt { return .clockSetBack }
        if isRefused { return now < computedAt + ReloadPolicy<Int>.patience ? nil : .anotherTry }
        return nextChange.map { $0 <= now } == true ? .keyDue : nil
    }

    mutating func conclude(isRefused: Bool, now: NumericDate) {
        computedAt = now
        self.isRefused = isRefused
    }
}
