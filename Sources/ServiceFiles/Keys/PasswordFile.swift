package import SystemPackage
import WireText

/// A file with the password of another server: `replay.password_file`. It is a secret.
package struct PasswordFile: Sendable {
    private let path: FilePath
    private let access: FileAccess

    /// - Parameter access: decides whose files are accepted.
    package init(_ path: FilePath, _ access: FileAccess) {
        self.path = path
        self.access = access
    }

    /// Reads the password, which may be replaced at any time: without the line ends behind it.
    ///
    /// - Throws: if other users can read or change the file, or if it holds no password.
    package func password() throws(UnusableFile) -> String {
        try SecretFile.line(in: path, access, holding: "password: one line of UTF-8") { !$0.contains(ascii: "\n") }
    }
}
