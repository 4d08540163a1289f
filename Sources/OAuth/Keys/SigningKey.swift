public import AccessToken
public import JOSE
public import Libcrypto

/// A private key with the algorithm that it signs with: access tokens of an issuer, or assertions of a client.
public final class SigningKey: Sendable {
    /// Of a type that ``algorithm`` accepts.
    public let key: PrivateKey
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
    public init(_ key: PrivateKey, keyID: String, algorithm: SignatureAlgorithm) throws(InvalidValue) {
        guard algorithm.accepts(key.type) else { throw InvalidValue("cannot be used with the algorithm") }
        self.key = key
        self.algorithm = algorithm
        self.keyID = keyID
        // RFC 9068 section 2.1
        encodedHeader = JOSEHeader.encoded(algorithm, type: "at+jwt", keyID: keyID)
        encodedHeaderOfJWT = JOSEHeader.encoded(algorithm, type: "JWT", keyID: keyID)
    }

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
