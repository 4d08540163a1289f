package import SystemPackage
import WireText

/// A file with the bearer token for a server of keys: `bearer_token_file`. It is a secret.
package struct BearerTokenFile: Sendable {
    private let path: FilePath
    private let access: FileAccess

    /// - Parameter access: decides whose files are accepted.
    package init(_ path: FilePath, _ access: FileAccess) {
        self.path = path
        self.access = access
    }

    /// Reads the token, which may be replaced at any time: without the line ends behind it.
    ///
    /// - Throws: if other users can read or change the file, or if it holds no token.
    package func token() throws(UnusableFile) -> String {
        try SecretFile.line(
            in: path, access, holding: "bearer token: one line of visible ASCII", where: \.isVisibleASCII)
    }
}
