/// The NIST prime curves that JOSE uses (RFC 7518 section 6.2.1.1).
public enum EllipticCurve: Sendable, Hashable, CaseIterable {
    /// P-256
    case p256
    /// P-384
    case p384
    /// P-521
    case p521

    /// The length of a coordinate and of each half of a JOSE signature, in octets.
    public var coordinateSize: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// libcrypto's name for the curve.
    var groupName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }
}
