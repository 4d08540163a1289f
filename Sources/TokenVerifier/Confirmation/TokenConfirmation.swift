import JOSE
import WireText

/// The claim `cnf` of a token, RFC 7800 section 3.1: what its sender must have. With both members the sender must have both.
struct TokenConfirmation: Sendable {
    /// `jkt`, RFC 9449 section 6.1: the RFC 7638 thumbprint of a DPoP key, in base64url.
    let keyThumbprint: String?
    /// `x5t#S256`, RFC 8705 section 3.1: the SHA-256 of a certificate.
    let certificateDigest: [UInt8]?

    /// - Returns: `nil` if anything in it is not understood. RFC 7800 section 3.1 lets a verifier ignore such a member; then it
    ///   would not check what the issuer has bound the token to.
    init?(_ claim: JSONValue) {
        guard let members = claim.object?.members, !members.isEmpty else { return nil }
        var (thumbprint, digest): (String?, [UInt8]?) = (nil, nil)
        for member in members {
            guard let text = member.value.string, let octets = Base64URL.decode(text), octets.count == 32 else {
                return nil
            }
            if member.name.isSameText(as: "jkt") {
                thumbprint = text
            } else if member.name.isSameText(as: "x5t#S256") {
                digest = octets
            } else {
                return nil
            }
        }
        (keyThumbprint, certificateDigest) = (thumbprint, digest)
    }
}
