package import Libcrypto
package import SystemPackage

/// The file of a client's own private key.
package enum PrivateKeyFile {
    /// - Throws: ``InvalidConfiguration`` for a file that others can read, and for what is no key in PEM.
    package static func read(_ path: FilePath) throws(InvalidConfiguration) -> PrivateKey {
        let message: String
        let hint: String?
        do {
            return try PrivateKey(pem: KeyFile.contents(of: path, isSecret: true))
        } catch let error as KeyFileError {
            (message, hint) = (error.description, error.hint(for: path))
        } catch let error as KeyError {
            (message, hint) = ("is no private key that can be used: \(error)", nil)
        } catch {
            (message, hint) = ("cannot be read: \(error)", nil)
        }
        throw InvalidConfiguration([Problem(.file(path.string, line: nil), message, hint: hint)])
    }
}
