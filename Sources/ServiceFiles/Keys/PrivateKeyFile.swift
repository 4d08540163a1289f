package import Libcrypto
package import SystemPackage

/// The file of a client's own private key.
package enum PrivateKeyFile {
    /// Reads the key. The file may be a pipe of the shell.
    ///
    /// - Throws: ``InvalidConfiguration`` if other users can access the file or change it, or if it is not a private key
    ///   in PEM.
    package static func read(_ path: FilePath) throws(InvalidConfiguration) -> PrivateKey {
        do {
            return try PrivateKey(pem: KeyFile.ownSecret(in: path))
        } catch let error as KeyError {
            throw InvalidConfiguration([
                Problem(.file(path.string, line: nil), "is not a usable private key: \(error)", hint: error.hint)
            ])
        } catch {
            throw InvalidConfiguration([KeyFile.problem(with: path, error)])
        }
    }
}
