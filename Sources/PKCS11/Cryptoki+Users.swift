import CPKCS11
import Synchronization

/// A module is initialized once for a process, and finalized after the last of its users. Each ``TokenModule`` is a user: the
/// service has one, and a process with several that name the same module shares its initialization.
extension Cryptoki {
    private struct Use {
        var isInitialized = false
        /// Whether another library uses the module too, and finalizes it.
        var isShared = false
        var userCount = 0
    }

    /// By the address of the list of functions.
    private static let uses = Mutex<[UInt: Use]>([:])

    private var address: UInt { unsafe withList { UInt(bitPattern: $0) } }

    /// Initializes the module for one more user.
    func addUser() throws(TokenFailure) {
        let address = address
        try Self.uses.withLock { (uses) throws(TokenFailure) in
            var use = uses[address] ?? Use()
            if !use.isInitialized { use.isShared = try !initialize() }
            use.isInitialized = true
            use.userCount += 1
            uses[address] = use
        }
    }

    /// Finalizes the module if this was its last user, who has no call under way.
    func removeUser() {
        let address = address
        Self.uses.withLock { uses in
            uses[address]?.userCount -= 1
            guard let use = uses[address], use.userCount == 0, !use.isShared else { return }
            finalize()
            uses[address] = nil
        }
    }

    /// Leaves the module initialized for the next user.
    func forgetUser() {
        let address = address
        Self.uses.withLock { $0[address]?.userCount -= 1 }
    }

    /// Finalizes the module and initializes it again. All sessions end, and no other call may be under way. If it has another
    /// user, it is initialized only if it is not.
    func initializeAgain() throws(TokenFailure) {
        let address = address
        try Self.uses.withLock { (uses) throws(TokenFailure) in
            if let use = uses[address], use.userCount == 1, !use.isShared { finalize() }
            _ = try initialize()
        }
    }

    /// - Returns: whether it was not initialized before.
    private func initialize() throws(TokenFailure) -> Bool {
        do throws(TokenFailure) { try unsafe call("C_Initialize") { unsafe CPKCS11_initialize($0) } } catch {
            guard error.has(CKR_CRYPTOKI_ALREADY_INITIALIZED) else { throw error }
            return false
        }
        return true
    }

    private func finalize() { _ = unsafe withList { unsafe CPKCS11_finalize($0) } }
}
