package import JOSE
import Libcrypto
import WireText

/// A DPoP proof that meets every rule of RFC 9449 section 4.3 but two, for which the server needs a memory or a key of its
/// own: whether its nonce is the server's, and whether it was used before.
package struct DPoPProof: Sendable, Equatable {
    /// `typ`
    package static let type = "dpop+jwt"
    /// The longest proof that is read, in octets. One by an RSA key of 8192 bits has fewer.
    package static let maximumLength = 4096
    /// How far `iat` may be from the server's clock, to either side.
    package static let tolerance: Duration = .seconds(60)

    /// The RFC 7638 thumbprint of the key that made the proof, in base64url: the confirmation `jkt` (section 6.1).
    package let thumbprint: String
    /// `jti`, of 1 to 256 octets. It is good once for the key.
    package let tokenID: String
    /// `iat`
    package let issuedAt: NumericDate
    /// `nonce`; `nil` without it.
    package let nonce: String?

    /// The moment from which the proof is too old.
    package var expiresAt: NumericDate { issuedAt + Self.tolerance + .seconds(1) }

    /// - Parameters:
    ///   - fields: all `DPoP` fields of the request.
    ///   - method: of the request, which `htm` must be in the same letter case.
    ///   - target: the public URL of the request, which `htu` must name.
    ///   - accessToken: the token that the request has. `ath` must be its digest. `nil` at the token endpoint:
    ///     `ath` says nothing there.
    ///   - algorithms: the accepted ones.
    package init(
        fields: [String], method: String, target: TargetURI, accessToken: String?,
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.all, now: NumericDate
    ) throws(DPoPProofError) {
        self = try UnverifiedDPoPProof(
            fields: fields, method: method, targets: [target], accessToken: accessToken, algorithms: algorithms,
            now: now
        ).verified()
    }

    fileprivate init(thumbprint: String, _ unverified: UnverifiedDPoPProof) {
        self.thumbprint = thumbprint
        tokenID = unverified.tokenID
        issuedAt = unverified.issuedAt
        nonce = unverified.nonce
    }

    /// `ath`: the SHA-256 of the access token in base64url.
    package static func digest(of accessToken: String) throws(DPoPProofError) -> String {
        try DPoPProofError.checking { () throws(LibcryptoError) in
            Base64URL.encode(try HashFunction.sha256.digest(of: accessToken.utf8.span))
        }
    }
}

extension UnverifiedDPoPProof {
    /// Checks the signature with the key in the header.
    package func verified() throws(DPoPProofError) -> DPoPProof {
        let key = try key()
        do throws(JWSError) { _ = try jws.verified(by: key) } catch {
            if case .cannotVerify(let error) = error { throw .cannotVerify(error) }
            throw .invalidSignature
        }
        let thumbprint = try DPoPProofError.checking { () throws(LibcryptoError) in try key.thumbprint() }
        return DPoPProof(thumbprint: thumbprint, self)
    }
}

extension DPoPProofError {
    fileprivate static func checking<Value>(
        _ body: () throws(LibcryptoError) -> Value
    ) throws(DPoPProofError) -> Value {
        do throws(LibcryptoError) { return try body() } catch { throw .cannotVerify(error) }
    }
}
