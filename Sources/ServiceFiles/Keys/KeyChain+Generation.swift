package import AccessToken
import Foundation
import JOSE
import Libcrypto
package import OAuth
import SystemPackage

extension KeyChain {
    /// Makes the key that follows those that there are: the first begins at the beginning, a further one when every
    /// cached key set can hold it.
    package func generateNext(now: NumericDate) throws -> NamedKey {
        try folder.locked {
            let isFirst = try keys().isEmpty
            return try generate(start: isFirst ? nil : BasicTime(now + KeyTiming.standard.announcement))
        }
    }

    /// Makes the first key, unless there is one.
    ///
    /// - Returns: nil where another process was faster.
    package func generateFirst() throws -> NamedKey? {
        try folder.locked {
            guard try keys().isEmpty else { return nil }
            do { return try generate(start: nil) } catch KeyRotationError.sameSecond {
                // Where locks do not hold between hosts another one may have been faster.
                guard try keys().isEmpty else { return nil }
                throw KeyRotationError.nameTaken
            }
        }
    }

    /// Whether ``generateFirst()`` would make a key: there is none, and what there is checks.
    package var lacksFirstKey: Bool {
        !folder.exists || (try? keys().isEmpty) ?? false
    }

    /// Makes a key that begins at `start` and writes it. The folder must be locked.
    ///
    /// - Parameter start: nil for the first key, which begins at the beginning.
    /// - Throws: ``KeyRotationError/sameSecond`` where another key has the same time.
    func generate(start: BasicTime?) throws -> NamedKey {
        guard let name = try KeyFileName(fileName(start: start)) else { throw KeyFileError.unusable }
        let (keyID, contents) =
            switch purpose {
            case .signing(let algorithm): try newSigningKey(algorithm)
            case .sealing: try newSealingKey()
            }
        do {
            try DurableFile(path: folder.path.appending(name.description)).create(contents)
        } catch Errno.fileExists {
            throw KeyRotationError.sameSecond
        }
        return NamedKey(name, keyID: keyID)
    }

    private func newSigningKey(_ algorithm: SignatureAlgorithm) throws -> (keyID: String, contents: SecretBytes) {
        let key = try algorithm.makeKey()
        let publicKey = try key.publicKey
        let keyID = try JWK(publicKey, keyID: nil, algorithm: nil).thumbprint()
        let passphrase = try folder.passphrase()
        let pem = try key.pem(passphrase: passphrase)
        // A key that cannot be read again must not come into force.
        let copy = try PrivateKey(pem: pem, passphrase: passphrase)
        guard try copy.publicKey.pem() == publicKey.pem() else { throw KeyFileError.mismatchedHalves }
        return (keyID, pem)
    }

    /// No passphrase covers it: it is as readable as its file.
    private func newSealingKey() throws -> (keyID: String, contents: SecretBytes) {
        let octets = try SecretBytes(randomCount: SealingKey.size)
        return (try SealingKey(octets).keyID, try SealingKeyText.encode(octets))
    }

    private func fileName(start: BasicTime?) -> String {
        let name = purpose.algorithmName.lowercased() + (purpose == .sealing ? ".sealing" : ".pem")
        return start.map { "\($0)-\(name)" } ?? name
    }
}
