import Glibc

/// What this process may do, and how it ends, where Swift has no call for it.
package enum RunningProcess {
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Raises the limit on open files, connections included, to the most that the system allows: RLIMIT_NOFILE, setrlimit(2).
    ///
    /// The usual limit of 1024 is for programs that use select(2).
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(openFiles, &limit)
    }

    /// How many files this process may have open; `nil` if there is no limit, or none can be read.
    package static var openFileLimit: Int? {
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return nil }
        return Int(exactly: limit.rlim_cur)
    }

    /// Whether it runs as root.
    static var isRoot: Bool { geteuid() == 0 }

    /// Ends the process at once, without any cleaning up, with the exit status of a program that SIGTERM or SIGINT ended.
    package static func exitAtOnce(terminated: Bool) -> Never {
        _exit(128 + (terminated ? SIGTERM : SIGINT))
    }
}
