package import JOSE
import WireText

/// A DPoP proof that meets every rule of RFC 9449 section 4.3 that takes no signature check: numbers 6 and 7 are left to
/// ``verified()``. All claims are the client's own, so no client learns anything from the order.
package struct UnverifiedDPoPProof: Sendable {
    let jws: CompactJWS
    /// `jti`, of 1 to 256 octets.
    let tokenID: String
    /// `iat`
    package let issuedAt: NumericDate
    /// `nonce`; `nil` without it.
    package let nonce: String?

    /// The parameters are those of ``DPoPProof/init(fields:method:target:accessToken:algorithms:now:)``.
    ///
    /// - Parameter targets: the public URLs of the request, of which `htu` must name one.
    package init(
        fields: [String], method: String, targets: [TargetURI], accessToken: String?,
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.all, now: NumericDate
    ) throws(DPoPProofError) {
        guard let text = fields.first else { throw .missing }
        guard fields.count == 1 else { throw .several }
        jws = try Self.parse(text)
        guard jws.header.hasType(DPoPProof.type) else { throw .wrongType }
        guard algorithms.contains(jws.header.algorithm) else { throw .algorithm }
        let claims = try Self.claims(of: jws)
        guard try Self.text("htm", of: claims).isSameText(as: method) else { throw .wrongMethod }
        let named = try Self.text("htu", of: claims)
        guard let target = try? TargetURI(named), targets.contains(target) else { throw .wrongTarget }
        guard let issuedAt = claims["iat"].flatMap({ NumericDate($0) }) else { throw .missingClaim("iat") }
        guard issuedAt + DPoPProof.tolerance >= now else { throw .tooOld }
        guard issuedAt - DPoPProof.tolerance <= now else { throw .tooNew }
        self.issuedAt = issuedAt
        tokenID = try Self.text("jti", of: claims)
        guard (1...256).contains(tokenID.utf8.count) else { throw .missingClaim("jti") }
        nonce = try claims["nonce"].map { (value) throws(DPoPProofError) in
            guard let text = value.string else { throw .missingClaim("nonce") }
            return text
        }
        guard let accessToken else { return }
        guard try claims["ath"]?.string?.isSameText(as: DPoPProof.digest(of: accessToken)) == true else {
            throw .wrongToken
        }
    }

    /// `jwk`, which section 4.2 makes part of the header.
    func key() throws(DPoPProofError) -> JWK {
        guard let member = jws.header.members["jwk"] else { throw .key(nil) }
        let key: JWK
        do throws(JWKError) { key = try JWK(readingPublic: member) } catch { throw .key(error) }
        guard key.allows(jws.header.algorithm) else { throw .key(nil) }
        return key
    }

    private static func parse(_ text: String) throws(DPoPProofError) -> CompactJWS {
        do throws(JWSError) { return try CompactJWS(parsing: text, maximumLength: DPoPProof.maximumLength) } catch {
            throw error == .unknownAlgorithm ? .algorithm : .malformed
        }
    }

    private static func claims(of jws: CompactJWS) throws(DPoPProofError) -> JSONObject {
        guard let claims = (try? JSONReader.read(jws.unverifiedPayload))?.object else { throw .malformed }
        return claims
    }

    private static func text(_ name: StaticString, of claims: JSONObject) throws(DPoPProofError) -> String {
        guard let text = claims[name.description]?.string else { throw .missingClaim(name) }
        return text
    }
}
