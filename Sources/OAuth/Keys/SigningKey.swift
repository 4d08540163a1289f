public import AccessToken
public import JOSE
public import Libcrypto

/// A private key with the algorithm that it signs with: access tokens of an issuer, or assertions of a client.
public final class SigningKey: Sendable {
    /// What has the private key.
    package enum Holder: Sendable {
        /// In this process.
        case process(PrivateKey)
        /// In another place, which makes the signatures.
        case place(RemoteKey)
    }

    /// Of a type that ``algorithm`` accepts.
    package let holder: Holder
    /// `alg`, RFC 7515 section 4.1.1
    public let algorithm: SignatureAlgorithm
    /// The scheme of ``algorithm`` for libcrypto.
    package var scheme: SignatureScheme { algorithm.scheme }
    /// `kid`: the RFC 7638 thumbprint, or the one in the name of the key's file.
    public let keyID: String
    /// The JOSE header of the access tokens of RFC 9068 that it signs, in base64url.
    let encodedHeader: [UInt8]
    /// The JOSE header of its access tokens with `typ: JWT`.
    private let encodedHeaderOfJWT: [UInt8]

    /// - Throws: if the key cannot be used with the algorithm.
    public convenience init(_ key: PrivateKey, keyID: String, algorithm: SignatureAlgorithm) throws(InvalidValue) {
        try self.init(.process(key), keyID: keyID, algorithm: algorithm)
    }

    /// - Throws: if the key cannot be used with the algorithm.
    package init(_ holder: Holder, keyID: String, algorithm: SignatureAlgorithm) throws(InvalidValue) {
        guard algorithm.accepts(holder.type) else { throw InvalidValue("cannot be used with the algorithm") }
        self.holder = holder
        self.algorithm = algorithm
        self.keyID = keyID
        // RFC 9068 section 2.1
        encodedHeader = JOSEHeader.encoded(algorithm, type: "at+jwt", keyID: keyID)
        encodedHeaderOfJWT = JOSEHeader.encoded(algorithm, type: "JWT", keyID: keyID)
    }

    /// The private key, if it is in this process.
    package var privateKey: PrivateKey? { if case .process(let key) = holder { key } else { nil } }

    /// The kind of key and its size.
    var type: KeyType { holder.type }

    /// The JOSE header of every access token with this `typ`, in base64url.
    func encodedHeader(for type: AccessTokenShape.HeaderType) -> [UInt8] {
        switch type {
        case .accessToken: encodedHeader
        case .jwt: encodedHeaderOfJWT
        }
    }

    /// The header of another kind of JWT that it signs: `typ` keeps the kinds apart (RFC 8725 section 3.11).
    func encodedHeader(type: StaticString) -> [UInt8] {
        JOSEHeader.encoded(algorithm, type: type, keyID: keyID)
    }
}

extension SigningKey.Holder {
    fileprivate var type: KeyType {
        switch self {
        case .process(let key): key.type
        case .place(let key): key.publicKey.type
        }
    }
}

/// A signing key and the time from which it signs.
package struct ScheduledSigningKey: Sendable {
    /// The time from which the key signs; the earliest possible time for a key that signs from the beginning.
    package let start: NumericDate
    /// Signs access tokens.
    package let key: SigningKey

    /// The key signs from `start` until the next key does.
    package init(start: NumericDate, key: SigningKey) {
        self.start = start
        self.key = key
    }
}
