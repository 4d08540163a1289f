/// How a signature is made and checked.
public enum SignatureScheme: Sendable, Hashable {
    /// RSASSA-PKCS1-v1_5, RFC 8017 section 8.2.
    case rsaPKCS1(HashFunction)
    /// RSASSA-PSS, RFC 8017 section 8.1, with MGF1 over the same hash and a salt as long as its digest.
    case rsaPSS(HashFunction)
    /// ECDSA, FIPS 186-4; a signature is R followed by S, as in RFC 7518 section 3.4.
    case ecdsa(EllipticCurve, HashFunction)
    /// Ed25519, RFC 8032 section 5.1.
    case ed25519
}
