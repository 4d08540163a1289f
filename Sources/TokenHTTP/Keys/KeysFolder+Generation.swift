public import AccessToken
import Foundation
public import JOSE
import Libcrypto
public import OAuth
import SystemPackage

extension KeysFolder {
    /// Makes a key that signs from `start` and writes it.
    ///
    /// - Parameter start: nil for the first key of its type, which signs from the beginning.
    /// - Throws: `Errno.fileExists` where another key has the same time and label.
    public func generate(_ algorithm: SignatureAlgorithm, start: BasicTime?) throws -> LoadedKey {
        let key = try PrivateKey.generate(for: algorithm)
        let publicKey = try key.publicKey
        guard let keyID = try JWK(publicKey, keyID: nil, algorithm: nil).thumbprint(),
            let name = try KeyFileName(Self.fileName(algorithm, start: start))
        else { throw KeyFileError.unusable }
        try create()
        try FolderLock.hold(on: path) {
            DurableFile.removeDrafts(in: path)
            try DurableFile(path: path.appending(name.description)).create(key.pem())
        }
        return LoadedKey(
            name: name, material: .signing(key), publicKey: publicKey, keyID: keyID, algorithm: algorithm)
    }

    /// Makes the key that follows those that the folder has for `algorithm`: the first signs from the beginning, a
    /// further one when every cached key set can hold it.
    public func generateNext(_ algorithm: SignatureAlgorithm, now: NumericDate) throws -> LoadedKey {
        try create()
        let isFirst = try load().allSatisfy { $0.algorithm != algorithm || $0.name.content != .signing }
        return try generate(algorithm, start: isFirst ? nil : BasicTime(now + Self.announcement))
    }

    /// How long a key is published before it signs: as long as a key set may be cached, and a minute for clocks.
    public static let announcement: Duration = .seconds(StaticDocument.maximumAge + 60)

    /// Makes the folder, for its owner alone, where there is none.
    func create() throws {
        try FileManager.default.createDirectory(
            atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
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
