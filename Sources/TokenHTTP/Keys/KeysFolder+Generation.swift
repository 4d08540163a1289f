public import AccessToken
import Foundation
public import JOSE
import Libcrypto
import OAuth
import SystemPackage

extension KeysFolder {
    /// Makes the key that follows those that the folder has for `algorithm`: the first signs from the beginning, a
    /// further one when every cached key set can hold it.
    public func generateNext(_ algorithm: SignatureAlgorithm, now: NumericDate) throws -> LoadedKey {
        let folder = KeysFolder(path, algorithm: algorithm, passphraseFile: passphraseFile)
        return try folder.locked {
            let isFirst = try folder.chain(of: algorithm).isEmpty
            let start = isFirst ? nil : BasicTime(now + KeyTiming.standard.announcement)
            return try folder.generate(algorithm, start: start)
        }
    }

    /// Makes the folder's first key, unless it has one.
    ///
    /// - Returns: nil where another process was faster.
    func generateFirst() throws -> LoadedKey? {
        try locked {
            guard try chain(of: algorithm).isEmpty else { return nil }
            do { return try generate(algorithm, start: nil) } catch KeyRotationError.sameSecond {
                // Where locks do not hold between hosts another one may have been faster.
                guard try chain(of: algorithm).isEmpty else { return nil }
                throw KeyRotationError.nameTaken
            }
        }
    }

    /// Makes a key that signs from `start` and writes it. The folder must be locked.
    ///
    /// - Parameter start: nil for the first key of its type, which signs from the beginning.
    /// - Throws: ``KeyRotationError/sameSecond`` where another key has the same time and algorithm.
    func generate(_ algorithm: SignatureAlgorithm, start: BasicTime?) throws -> LoadedKey {
        let key = try PrivateKey.generate(for: algorithm)
        let publicKey = try key.publicKey
        guard let keyID = try JWK(publicKey, keyID: nil, algorithm: nil).thumbprint(),
            let name = try KeyFileName(Self.fileName(algorithm, start: start))
        else { throw KeyFileError.unusable }
        let passphrase = try passphrase()
        let pem = try key.pem(passphrase: passphrase)
        // A key that cannot be read again must not come into force.
        let copy = try PrivateKey(pem: pem, passphrase: passphrase)
        guard try copy.publicKey.pem() == publicKey.pem() else { throw KeyFileError.mismatchedHalves }
        do {
            try DurableFile(path: path.appending(name.description)).create(pem)
        } catch Errno.fileExists {
            throw KeyRotationError.sameSecond
        }
        return LoadedKey(name: name, material: .signing(key), publicKey: publicKey, keyID: keyID, algorithm: algorithm)
    }

    /// Runs `body` while no other command changes the folder; makes the folder, for its owner alone, where there is none.
    func locked<Result>(_ body: () throws -> Result) throws -> Result {
        try FileError.naming(path) {
            try FileManager.default.createDirectory(
                atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            return try FolderLock.hold(on: path) {
                DurableFile.removeDrafts(in: path)
                return try body()
            }
        }
    }

    /// Whether ``generateFirst()`` would make a key: there is none of the configured algorithm, and what there is checks.
    var lacksFirstKey: Bool {
        if (try? path.stat(followTargetSymlink: false)) == nil { return true }
        return (try? chain(of: algorithm).isEmpty) ?? false
    }

    /// Whether the system would let us write into the folder, or make it. Nothing is written.
    var canBeWritten: Bool {
        var folder = path
        while (try? folder.stat(followTargetSymlink: false)) == nil {
            folder.removeLastComponent()
            if folder.isEmpty { folder = "." }
        }
        let files = FileManager.default
        return (try? folder.stat().type) == .directory && files.isReadableFile(atPath: folder.string)
            && files.isWritableFile(atPath: folder.string) && files.isExecutableFile(atPath: folder.string)
    }

    /// Writes a file into the folder and takes it away again.
    ///
    /// - Throws: where that does not work: a mounted Secret, a folder of somebody else's.
    func checkWritable() throws {
        try locked { try FileError.naming(path) { try DurableFile(path: path.appending("x")).probe() } }
    }

    /// The signing keys for `algorithm`, in the order in which they sign.
    func chain(of algorithm: SignatureAlgorithm) throws -> [LoadedKey] {
        try load().filter { $0.algorithm == algorithm && $0.name.content == .signing }
    }

    private static func fileName(_ algorithm: SignatureAlgorithm, start: BasicTime?) -> String {
        let label = algorithm.name.lowercased()
        return start.map { "\($0)-\(label).pem" } ?? "\(label).pem"
    }
}

extension PrivateKey {
    /// A new key for `algorithm`. RSA keys get 2048 bits, the least that RFC 7518 section 3.3 allows: the signature is
    /// most of what a token costs, and rotation keeps the life of each key short.
    static func generate(for algorithm: SignatureAlgorithm) throws(KeyError) -> PrivateKey {
        switch algorithm {
        case .es256: try generate(on: .p256)
        case .edDSA: try generateEd25519()
        default: try generateRSA(bits: 2048)
        }
    }
}
