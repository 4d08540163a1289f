import CLibcrypto

/// Keeps secrets inside this process's memory: its keys, and the secrets that clients send.
public enum ProcessMemory {
    /// Whether pages of memory may be swapped to disk.
    public enum Swapping: Sendable {
        /// No page is swapped out.
        case locked
        /// Nothing was locked, since locked memory has a limit (`RLIMIT_MEMLOCK`).
        case limited
        /// The system refused to lock the memory.
        case refused
    }

    /// Disables core dumps, and hides this memory from other processes of the same user, in `/proc` and from debuggers:
    /// PR_SET_DUMPABLE, prctl(2). Root can still read it. Only Linux can do it.
    ///
    /// - Returns: whether this succeeded.
    public static func forbidDumps() -> Bool { CLibcrypto_forbidDumps() == 0 }

    /// Has the C library overwrite all memory that is freed from now on, by libraries too: `M_PERTURB`, mallopt(3).
    /// Each thread caches a few blocks of each size up to one kibibyte. Those are overwritten only when they are used
    /// again.
    ///
    /// - Returns: whether the C library does so.
    public static func overwriteFreed() -> Bool { CLibcrypto_overwriteFreedMemory() == 1 }

    /// Has the C library give freed memory back to the system: malloc_trim(3). It may take milliseconds, during which other
    /// threads wait for memory.
    public static func returnFreed() { CLibcrypto_returnFreedMemory() }

    /// Keeps every present and future page out of swap: mlockall(2).
    ///
    /// Does so only if locked memory has no limit. With a limit, a later allocation would be refused and the process
    /// would end.
    public static func lock() -> Swapping {
        switch CLibcrypto_lockMemory() {
        case 0: .locked
        case 1: .limited
        default: .refused
        }
    }
}
