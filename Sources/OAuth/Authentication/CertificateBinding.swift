import AccessToken
import Libcrypto

extension AuthenticatedClient {
    /// What the access token is bound to: the key of the request's DPoP proof, and the certificate of the request, if the
    /// client or the service asks for that (RFC 8705 section 3), however the client authenticated.
    ///
    /// - Throws: ``TokenRefusal/Code/missingCertificate`` if the client presented none, or one whose time has not begun or has
    ///   ended since the handshake.
    func confirmation(
        by certificate: PresentedCertificate?, _ policy: IssuancePolicy, now: NumericDate
    ) throws(TokenRefusal) -> Confirmation? {
        guard client.certificates.bindsAccessTokens || policy.bindsTokensToCertificates else {
            return evidence.confirmation
        }
        guard let certificate else { throw TokenRefusal(.missingCertificate) }
        if let cause = certificate.refusal(at: now) { throw TokenRefusal(.missingCertificate, cause: cause) }
        var confirmation = evidence.confirmation ?? Confirmation()
        confirmation.certificateDigest = try certificate.thumbprint()
        return confirmation
    }
}

extension Certificate {
    /// Why it is not to be used now, RFC 5280 section 4.1.2.5; `nil` between its dates.
    func timeFault(at now: NumericDate) -> RefusalCause? {
        if NumericDate(end) <= now { return .certificateExpired }
        return NumericDate(start) <= now ? nil : .certificateNotYetValid
    }
}

extension PresentedCertificate {
    /// Why no token is bound to the certificate; `nil` if its time is now. Who has signed it does not matter: the handshake
    /// has proven that the client has its key.
    func refusal(at now: NumericDate) -> RefusalCause? {
        guard let certificate = try? Certificate(der: der.span) else { return .certificateMalformed }
        return certificate.timeFault(at: now)
    }

    /// RFC 8705 section 3.1: the SHA-256 of the certificate in DER.
    func thumbprint() throws(TokenRefusal) -> [UInt8] {
        do throws(LibcryptoError) { return try HashFunction.sha256.digest(of: der.span) } catch {
            throw .failure(error)
        }
    }
}
