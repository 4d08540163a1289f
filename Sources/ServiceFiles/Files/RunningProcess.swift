import Glibc

/// The limits, the user and the exit of this process, for which Swift has no API.
package enum RunningProcess {
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Raises the limit on open descriptors, connections included, to the most that the system allows: RLIMIT_NOFILE,
    /// setrlimit(2).
    ///
    /// The usual limit of 1024 exists for programs that use select(2).
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(openFiles, &limit)
    }

    /// How many descriptors this process may have open; `nil` if there is no limit, or if it cannot be read.
    package static var openFileLimit: Int? {
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return nil }
        return Int(exactly: limit.rlim_cur)
    }

    /// The user that it runs as: the effective user.
    static var user: UInt32 { geteuid() }

    /// Whether it runs as root.
    static var isRoot: Bool { user == 0 }

    /// Ends the process at once, without any cleanup.
    package static func exitAtOnce(status: Int32) -> Never { _exit(status) }
}
