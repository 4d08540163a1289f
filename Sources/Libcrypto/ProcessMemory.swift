import CLibcrypto
import Glibc

/// Keeps what is in this process's memory in its memory: keys, and the secrets that clients send.
public enum ProcessMemory {
    /// Whether what is in memory may get to the disk.
    public enum Swapping: Sendable {
        /// No page is swapped out.
        case locked
        /// The limit on locked memory (`RLIMIT_MEMLOCK`) is not unlimited.
        case limited
        /// The system would not lock it.
        case refused
    }

    /// No core dumps, and no other process of the same user that reads along in `/proc` or as a debugger: PR_SET_DUMPABLE,
    /// prctl(2). Root still can.
    ///
    /// - Returns: whether it is so now.
    public static func forbidDumps() -> Bool { CLibcrypto_forbidDumps() == 0 }

    /// Has what is freed overwritten from now on, whoever frees it: `M_PERTURB`, mallopt(3). Blocks of up to a kibibyte, of which
    /// each thread keeps a few of each size to use again, are overwritten only then.
    ///
    /// - Returns: whether the C library does so.
    public static func overwriteFreed() -> Bool { CLibcrypto_overwriteFreedMemory() == 1 }

    /// Keeps every page, those to come included, out of swap: mlockall(2).
    ///
    /// Only where locked memory has no limit: where it has one, it would be memory to come that is refused, and the process
    /// would end.
    public static func lock() -> Swapping {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(UInt32(CLibcrypto_lockedMemoryLimit)), &limit) == 0,
            limit.rlim_cur == rlim_t.max
        else { return .limited }
        // Pages are locked when they are used first: stacks and arenas have many that never are.
        return mlockall(Int32(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) == 0 ? .locked : .refused
    }
}
