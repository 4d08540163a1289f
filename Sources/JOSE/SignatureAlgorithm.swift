public import Libcrypto

/// A digital signature algorithm of RFC 7518 section 3.1 or RFC 8037 section 3.1. There is no MAC among them: every holder
/// of a MAC's key can sign.
public struct SignatureAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// The value of the `alg` parameter.
    public let name: String

    /// How signatures are made and checked.
    public let scheme: SignatureScheme

    /// RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 section 3.3.
    public static let rs256 = SignatureAlgorithm("RS256", .rsaPKCS1(.sha256))
    /// RSASSA-PSS with SHA-256 and a salt of 32 octets, RFC 7518 section 3.5.
    public static let ps256 = SignatureAlgorithm("PS256", .rsaPSS(.sha256))
    /// ECDSA on P-256 with SHA-256, RFC 7518 section 3.4.
    public static let es256 = SignatureAlgorithm("ES256", .ecdsa(.p256, .sha256))
    /// RFC 8037 section 3.1, with Ed25519 only.
    public static let edDSA = SignatureAlgorithm("EdDSA", .ed25519)

    /// Every algorithm that is understood: the one table. `none` is in no table.
    public static let all: [SignatureAlgorithm] = [
        rs256, SignatureAlgorithm("RS384", .rsaPKCS1(.sha384)), SignatureAlgorithm("RS512", .rsaPKCS1(.sha512)),
        ps256, SignatureAlgorithm("PS384", .rsaPSS(.sha384)), SignatureAlgorithm("PS512", .rsaPSS(.sha512)),
        es256, SignatureAlgorithm("ES384", .ecdsa(.p384, .sha384)),
        SignatureAlgorithm("ES512", .ecdsa(.p521, .sha512)),
        edDSA,
    ]

    private init(_ name: String, _ scheme: SignatureScheme) {
        self.name = name
        self.scheme = scheme
    }

    /// - Returns: `nil` for an algorithm that is not in the table.
    public init?(name: String) {
        guard let algorithm = Self.all.first(where: { $0.name.isSameText(as: name) }) else { return nil }
        self = algorithm
    }

    /// Whether a key of this type may be used with it. RFC 7518 sections 3.3 and 3.5 ask for 2048 bits of RSA.
    public func accepts(_ type: KeyType) -> Bool {
        switch (scheme, type) {
        case (.rsaPKCS1, .rsa(let bits)), (.rsaPSS, .rsa(let bits)): bits >= 2048
        case (.ecdsa(let curve, _), .ellipticCurve(let other)): curve == other
        case (.ed25519, .ed25519): true
        default: false
        }
    }

    /// `alg`, RFC 7515 section 4.1.1.
    public var description: String { name }
}
