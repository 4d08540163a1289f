import Libcrypto

/// Keeps keys, and the secrets that clients send, from leaving the memory of the service.
package struct MemoryProtection: Sendable {
    private let isDumpable: Bool
    private let isOverwritten: Bool
    private let swapping: ProcessMemory.Swapping

    /// Protects the memory of this process until it ends.
    package init() {
        isDumpable = !ProcessMemory.forbidDumps()
        // Secrets of clients pass through strings and buffers of libraries, which are not cleared.
        isOverwritten = ProcessMemory.overwriteFreed()
        swapping = ProcessMemory.lock()
    }

    /// A human-readable description.
    var text: String {
        let swap =
            switch swapping {
            case .locked: "and not swapped out"
            case .limited: "but may be swapped out: locked memory has a limit (ulimit -l)"
            case .refused: "but may be swapped out: the system would not lock it"
            }
        let freed = isOverwritten ? "overwritten when it is freed" : "not overwritten when it is freed"
        return "\(isDumpable ? "may be dumped" : "is not dumped"), \(freed), \(swap)"
    }
}
