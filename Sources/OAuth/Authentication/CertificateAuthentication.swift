import AccessToken
import Libcrypto

/// Proof that a client holds the key of its registered certificate. Only the check of a certificate creates one.
struct CertificateProof {
    fileprivate init() {}
}

/// `client_id` without another credential, RFC 8705 section 2: the certificate of the connection decides.
struct CertificateCredentials: Sendable {
    let clientID: ClientID
    /// `nil` if the client presented none.
    let certificate: PresentedCertificate?
}

/// The comparison of a certificate with what a client has registered. It costs the same whether the client exists or not.
struct CertificateCheck {
    let credentials: CertificateCredentials
    let client: Client?
    /// `nil` without `tls.client_ca`.
    let path: CertificatePathCheck?
    let now: NumericDate

    /// - Throws: ``TokenRefusal/Code/invalidClient`` if the client presented no certificate, which is no attempt.
    func result(cost: inout AuthenticationCost) throws(TokenRefusal) -> ClientAuthentication {
        guard let presented = credentials.certificate else {
            let isExpected = client?.authenticationMethod?.usesCertificate == true
            throw TokenRefusal(.invalidClient, cause: isExpected ? .certificateMissing : .noCredentials)
        }
        cost.certificates += 1
        guard let certificate = try? Certificate(der: presented.der.span) else {
            return .refused(AuthenticationFailure(.notAccepted, cause: .certificateMalformed))
        }
        // A certificate that is self-signed fails here without the check of a signature.
        let pathFault = path?.fault(certificate, presented, now)
        let isTrusted = path != nil && pathFault == nil
        if pathFault == .failure { throw TokenRefusal(.serverError) }
        // A certificate cannot be guessed, so no refusal counts against the clients at the same address.
        guard let client else { return .refused(.init(.notAccepted, cause: .unknownClient)) }
        switch client.authenticationMethod {
        case .tlsClientAuth?:
            guard isTrusted else { return .refused(Self.failure(pathFault)) }
            // RFC 8705 section 2.1: the subject is that of the registration.
            guard client.certificates.subject?.matches(certificate) == true else {
                return .refused(.init(.notAccepted, cause: .certificateSubject))
            }
            return .proven(AuthenticatedClient(client, .tlsClientAuth, CertificateProof()))
        case .selfSignedTLSClientAuth?:
            // RFC 8705 section 2.2: one of the registered certificates. There is no authority.
            guard client.certificates.registered.contains(where: { $0.matches(certificate, presented) }) else {
                return .refused(.init(.notAccepted, cause: .certificateUnregistered))
            }
            if let cause = certificate.timeFault(at: now) { return .refused(.init(.notAccepted, cause: cause)) }
            return .proven(AuthenticatedClient(client, .selfSignedTLSClientAuth, CertificateProof()))
        default: return .refused(.init(.notAccepted, cause: .wrongMethod))
        }
    }

    private static func failure(_ fault: CertificatePathError?) -> AuthenticationFailure {
        let cause: RefusalCause =
            switch fault {
            case .expired: .certificateExpired
            case .notYetValid: .certificateNotYetValid
            case nil, .untrusted, .notAnAuthority, .failure: .certificateUntrusted
            }
        return AuthenticationFailure(.notAccepted, cause: cause)
    }
}
