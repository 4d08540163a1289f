import AccessToken
import JOSE
import WireText

/// A JWT in a request, RFC 7523 section 3: header and claims, whose signature is not checked yet.
struct UnverifiedJWT: Sendable {
    let jws: CompactJWS
    let claims: JSONObject

    /// - Throws: a cause that begins with `identity` if the claims are those of a platform's token.
    init(parsing text: String) throws(RefusalCause) {
        do throws(JWSError) { jws = try CompactJWS(parsing: text) } catch {
            let isOwn = (try? CompactJWS.unverifiedClaims(of: text)).map(Self.areOwn) ?? true
            switch error {
            case .unknownAlgorithm: throw isOwn ? .assertionAlgorithm : .identityAlgorithm
            default: throw isOwn ? .assertionMalformed : .identityMalformed
            }
        }
        guard let claims = (try? JSONReader.read(jws.unverifiedPayload))?.object else { throw .assertionMalformed }
        self.claims = claims
    }

    /// Whether the client made it: issuer and subject are the same (RFC 7523 section 3, numbers 1 and 2). If either is
    /// missing, it is taken for one that the client meant to make.
    var isOwn: Bool { Self.areOwn(claims) }

    private static func areOwn(_ claims: JSONObject) -> Bool {
        guard let issuer = claims["iss"]?.string, let subject = claims["sub"]?.string, !subject.isEmpty else {
            return true
        }
        return issuer.isSameText(as: subject)
    }
}
