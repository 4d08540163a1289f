package import AccessToken
import Foundation
import JOSE
import Libcrypto
package import OAuth
import SystemPackage

extension KeyChain {
    /// Generates the next key of the chain. A first key has no start time.
    ///
    /// - Parameters:
    ///   - delay: the time from now until a later key begins. The default is when every cached key set can contain it.
    ///   - isForced: allows a delay that is too short for that.
    ///   - remote: a key that was made in another place, or was there; `nil` for a new one in a file.
    package func generateNext(
        in delay: Duration = KeyTiming.standard.announcement, isForced: Bool = false, remote: RemoteKey? = nil,
        now: NumericDate, timing: KeyTiming = .standard
    ) throws -> NamedKey {
        try KeyRotationError.checkDelay(delay, isForced: isForced, timing)
        return try folder.locked {
            let isFirst = try names().isEmpty
            return try generate(start: isFirst ? nil : BasicTime(now + delay), remote: remote)
        }
    }

    /// Generates the first key if the chain has none.
    ///
    /// - Returns: `nil` if the chain has a key, or if another process generated one first.
    package func generateFirst() throws -> NamedKey? {
        try folder.locked {
            guard try names().isEmpty else { return nil }
            do { return try generate(start: nil) } catch KeyRotationError.sameSecond {
                // If locks have no effect between hosts, another host may have generated the key first.
                guard try names().isEmpty else { return nil }
                throw KeyRotationError.nameTaken
            }
        }
    }

    /// Whether ``generateFirst()`` would generate a key: there is no folder, or all its files are valid and the chain
    /// has no key.
    package var lacksFirstKey: Bool {
        !folder.exists || (try? names().isEmpty) ?? false
    }

    /// Generates a key that begins at `start`, and writes it. The caller must hold the folder's lock.
    ///
    /// - Parameters:
    ///   - start: `nil` for the first key, which has no start time.
    ///   - remote: a key in another place; `nil` for a new one in a file.
    /// - Throws: ``KeyRotationError/sameSecond`` if another key has the same start time.
    func generate(start: BasicTime?, remote: RemoteKey? = nil) throws -> NamedKey {
        if let remote { return try write(RemoteKeyFiles(remote, name(start: start, .remote))) }
        let (key, contents) = try makeKey(start: start)
        do {
            try DurableFile(path: folder.path.appending(key.name.description)).create(contents)
        } catch Errno.fileExists {
            throw KeyRotationError.sameSecond
        }
        return key
    }

    /// Writes the public half first: a URI without it would be a key that does not check. Alone, it is a key that verifies.
    private func write(_ files: RemoteKeyFiles) throws -> NamedKey {
        guard try !folder.read().signing.contains(where: files.isSameKey(as:)) else {
            throw KeyRotationError.keyIsThere
        }
        let (uriFile, halfFile) = (file(of: files.key.name), file(of: files.halfName))
        // A command that was interrupted leaves it, and an operator may have put it there.
        guard (try? uriFile.path.stat()) == nil else { throw KeyRotationError.sameSecond }
        guard (try? halfFile.path.stat()) == nil else { throw KeyRotationError.publicHalfIsThere(files.halfName) }
        do {
            try halfFile.create(files.publicHalf)
            do { try uriFile.create(files.uri) } catch {
                try halfFile.remove()
                throw error
            }
        } catch Errno.fileExists {
            throw KeyRotationError.sameSecond
        }
        return files.key
    }

    /// Makes a key that begins at `start`, with the contents of its file. Nothing is written.
    ///
    /// - Parameter start: `nil` for the first key, which has no start time.
    func makeKey(start: BasicTime?) throws -> (key: NamedKey, contents: SecretBytes) {
        let name = try name(start: start, purpose == .sealing ? .sealing : .signing)
        let (keyID, contents) =
            switch purpose {
            case .signing(let algorithm): try newSigningKey(algorithm)
            case .sealing: try newSealingKey()
            }
        return (NamedKey(name, keyID: keyID), contents)
    }

    /// The name of a key that begins at `start`.
    func name(start: BasicTime?, _ content: KeyFileName.Content) throws -> KeyFileName {
        let name = purpose.algorithmName.lowercased() + content.fileExtension
        guard let name = try KeyFileName(start.map { "\($0)-\(name)" } ?? name) else { throw KeyFileError.unusable }
        return name
    }

    private func newSigningKey(_ algorithm: SignatureAlgorithm) throws -> (keyID: String, contents: SecretBytes) {
        let key = try algorithm.makeKey()
        let publicKey = try key.publicKey
        let keyID = try JWK(publicKey, keyID: nil, algorithm: nil).thumbprint()
        let passphrase = try folder.passphrase()
        let pem = try key.pem(passphrase: passphrase)
        // A key that cannot be read back must never be used.
        let copy = try PrivateKey(pem: pem, passphrase: passphrase)
        guard try copy.publicKey.pem() == publicKey.pem() else { throw KeyFileError.mismatchedHalves }
        return (keyID, pem)
    }

    /// A sealing key is not encrypted with the passphrase: only the permissions of its file protect it.
    private func newSealingKey() throws -> (keyID: String, contents: SecretBytes) {
        let octets = try SecretBytes(randomCount: SealingKey.size)
        return (try SealingKey(octets).keyID, try SealingKeyText.encode(octets))
    }
}
