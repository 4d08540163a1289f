public import Libcrypto
import WireText

/// A digital signature algorithm of RFC 7518 section 3.1, RFC 8037 section 3.1 or RFC 9864 section 2.2. No MAC is among
/// them, since every verifier of a MAC can also make one.
///
/// A value is one row of ``all``, the only list of algorithms. Everything else that depends on algorithms (new keys,
/// decoys, metadata, the OpenAPI document, help texts) is derived from the rows.
public struct SignatureAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// The value of the `alg` parameter.
    public let name: String

    /// How signatures are made and checked. Two rows with the same scheme are two names of one algorithm.
    public let scheme: SignatureScheme

    /// The kind of key that it uses.
    package let keyKind: SignatureKeyKind

    /// Whether Writ signs access tokens with it and accepts client assertions signed with it. The other rows only
    /// verify.
    package let isOffered: Bool

    /// RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 section 3.3.
    public static let rs256 = row("RS256", .rsaPKCS1(.sha256), .rsa, isOffered: true)
    /// RSASSA-PSS with SHA-256 and a salt of 32 octets, RFC 7518 section 3.5.
    public static let ps256 = row("PS256", .rsaPSS(.sha256), .rsa, isOffered: true)
    /// ECDSA on P-256 with SHA-256, RFC 7518 section 3.4.
    public static let es256 = row("ES256", .ecdsa(.p256, .sha256), .ellipticCurve(.p256), isOffered: true)
    /// ECDSA on P-384 with SHA-384, RFC 7518 section 3.4.
    public static let es384 = row("ES384", .ecdsa(.p384, .sha384), .ellipticCurve(.p384), isOffered: true)
    /// RFC 8037 section 3.1, with Ed25519 only.
    public static let edDSA = row("EdDSA", .ed25519, .ed25519, isOffered: true)
    /// The same algorithm under its name of RFC 9864 section 2.2, which deprecates the other.
    public static let ed25519 = row("Ed25519", .ed25519, .ed25519, isOffered: true)

    /// The one table, with every algorithm that is understood. `none` is not in it.
    public static let all: [SignatureAlgorithm] = [
        rs256,
        row("RS384", .rsaPKCS1(.sha384), .rsa, isOffered: false),
        row("RS512", .rsaPKCS1(.sha512), .rsa, isOffered: false),
        ps256,
        row("PS384", .rsaPSS(.sha384), .rsa, isOffered: false),
        row("PS512", .rsaPSS(.sha512), .rsa, isOffered: false),
        es256,
        es384,
        row("ES512", .ecdsa(.p521, .sha512), .ellipticCurve(.p521), isOffered: false),
        edDSA, ed25519,
    ]

    /// The rows with ``isOffered``, in the order in which metadata lists them. If several accept a key, the first is
    /// its default.
    package static let offered = all.filter(\.isOffered)

    /// The names of ``offered``, joined for a sentence: "RS256, PS256 and ES256".
    ///
    /// - Parameter conjunction: "and" or "or".
    package static func offeredNames(_ conjunction: String) -> String {
        list(offered.map(\.name), conjunction)
    }

    /// The kinds of keys that ``offered`` use, joined for a sentence: "RSA, P-256 and Ed25519".
    package static var offeredKeyNames: String {
        var names: [String] = []
        for kind in offered.map(\.keyKind) {
            let name = kind.curveName ?? kind.keyType
            if !names.contains(name) { names.append(name) }
        }
        return list(names, "and")
    }

    private static func list(_ names: [String], _ conjunction: String) -> String {
        [names.dropLast().joined(separator: ", "), names.last ?? ""].joined(separator: " \(conjunction) ")
    }

    private static func row(
        _ name: String, _ scheme: SignatureScheme, _ keyKind: SignatureKeyKind, isOffered: Bool
    ) -> SignatureAlgorithm {
        SignatureAlgorithm(name: name, scheme: scheme, keyKind: keyKind, isOffered: isOffered)
    }

    private init(name: String, scheme: SignatureScheme, keyKind: SignatureKeyKind, isOffered: Bool) {
        self.name = name
        self.scheme = scheme
        self.keyKind = keyKind
        self.isOffered = isOffered
    }

    /// - Returns: `nil` for an algorithm that is not in the table.
    public init?(name: String) {
        guard let algorithm = Self.all.first(where: { $0.name.isSameText(as: name) }) else { return nil }
        self = algorithm
    }

    /// Whether a key of this type may be used with it.
    public func accepts(_ type: KeyType) -> Bool { keyKind.accepts(type) }

    /// A new key for it.
    package func makeKey() throws(KeyError) -> PrivateKey { try keyKind.makeKey() }

    /// `alg`, RFC 7515 section 4.1.1.
    public var description: String { name }
}
