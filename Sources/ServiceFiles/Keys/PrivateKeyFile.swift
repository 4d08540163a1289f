package import Libcrypto
package import SystemPackage

/// The file of a client's own private key.
package enum PrivateKeyFile {
    /// - Throws: ``InvalidConfiguration`` if other users can access the file, or if it is not a private key in PEM.
    package static func read(_ path: FilePath) throws(InvalidConfiguration) -> PrivateKey {
        let message: String
        let hint: String?
        do {
            return try PrivateKey(pem: KeyFile.ownSecret(in: path))
        } catch let error as KeyFileError {
            (message, hint) = (error.description, error.hint(for: path))
        } catch let error as KeyError {
            (message, hint) = ("is not a usable private key: \(error)", nil)
        } catch {
            (message, hint) = ("cannot be read: \(error)", nil)
        }
        throw InvalidConfiguration([Problem(.file(path.string, line: nil), message, hint: hint)])
    }
}
