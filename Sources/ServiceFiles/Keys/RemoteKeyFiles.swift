import JOSE
import Libcrypto
import OAuth

/// The two files of a key that stays in another place: its URI, and its public half.
struct RemoteKeyFiles {
    let key: NamedKey
    /// The name of the file with the public half.
    let halfName: KeyFileName
    /// One line.
    let uri: String
    /// In PEM.
    let publicHalf: String
    private let publicKey: PublicKey

    /// - Parameter name: of the file with the URI.
    init(_ remote: RemoteKey, _ name: KeyFileName) throws {
        guard let halfName = name.publicHalf else { throw KeyFileError.unusable }
        self.halfName = halfName
        key = NamedKey(name, keyID: try JWK(remote.publicKey, keyID: nil, algorithm: nil).thumbprint())
        uri = remote.uri.description + "\n"
        publicHalf = try remote.publicKey.pem()
        publicKey = remote.publicKey
    }

    /// Whether a key of the folder is this one, perhaps under another `kid`, or has its `kid`. A public key of another issuer
    /// may be its half.
    func isSameKey(as other: LoadedKey) -> Bool {
        other.keyID == key.keyID || other.name.content.signs && other.publicKey.components == publicKey.components
    }
}
