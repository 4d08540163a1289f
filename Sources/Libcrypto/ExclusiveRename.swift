import CLibcrypto

/// A system call that Swift's module of the C library does not have.
public enum ExclusiveRename {
    /// Renames a file if no file has the new name: renameat2(2) with RENAME_NOREPLACE.
    ///
    /// - Returns: 0, or the error: `EEXIST` if a file has the new name, `EINVAL` if the file system cannot do it.
    public static func rename(_ name: String, to newName: String) -> Int32 {
        unsafe CLibcrypto_renameWithoutReplacing(name, newName)
    }
}
