import AccessToken
import JOSE
import Libcrypto
import WireText

/// Checks that the sender of a request has the key that its token is bound to. It holds for every request, also for one with a
/// token that is cached.
struct SenderCheck: Sendable {
    private let rules: ConfirmationRules
    private let usedProofs: UsedProofs

    init(_ rules: ConfirmationRules) {
        self.rules = rules
        usedProofs = UsedProofs(capacity: rules.recordedProofs)
    }

    /// - Parameter token: meets all other rules but that of the program's own.
    func check(
        _ token: VerifiedAccessToken, _ presentation: TokenPresentation, now: NumericDate
    ) throws(AccessTokenVerificationError) {
        guard let claim = token.payload["cnf"] else {
            // RFC 9449 section 7.1: the scheme DPoP is for tokens that are bound to the key of the proof.
            guard rules.required == nil, presentation.scheme == .bearer else { throw .rejected(.notBoundToKey) }
            return
        }
        guard let confirmation = TokenConfirmation(claim) else { throw .rejected(.boundToKey) }
        try checkKind(of: confirmation, presentation.scheme)
        if let digest = confirmation.certificateDigest {
            try checkCertificate(presentation.request?.clientCertificate, digest)
        }
        if let thumbprint = confirmation.keyThumbprint {
            try checkProof(of: token, thumbprint, presentation.request, now: now)
        }
    }

    private func checkKind(
        of confirmation: TokenConfirmation, _ scheme: AuthorizationScheme
    ) throws(AccessTokenVerificationError) {
        let isBoundAsRequired =
            switch rules.required {
            case nil, .any: true
            case .dpop: confirmation.keyThumbprint != nil
            case .certificate: confirmation.certificateDigest != nil
            }
        guard isBoundAsRequired else { throw .rejected(.notBoundToKey) }
        switch scheme {
        // RFC 9449 section 7.2: a token that is bound to a DPoP key is refused as a bearer token.
        case .bearer: guard confirmation.keyThumbprint == nil else { throw .rejected(.boundToKey) }
        case .dpop: guard confirmation.keyThumbprint != nil else { throw .rejected(.notBoundToKey) }
        }
    }

    /// RFC 8705 section 3
    private func checkCertificate(
        _ certificate: ClientCertificate?, _ digest: [UInt8]
    ) throws(AccessTokenVerificationError) {
        guard let certificate else { throw .rejected(.wrongCertificate) }
        let presented = try Self.checking { () throws(LibcryptoError) in try certificate.digest() }
        guard ConstantTime.areEqual(presented.span, digest.span) else { throw .rejected(.wrongCertificate) }
    }

    /// RFC 9449 sections 4.3, 7.1 and 9
    private func checkProof(
        of token: VerifiedAccessToken, _ thumbprint: String, _ request: ProtectedResourceRequest?, now: NumericDate
    ) throws(AccessTokenVerificationError) {
        // Without the URL of the request nothing can be said about the proof.
        guard let request, let url = request.url else { throw .rejected(.boundToKey) }
        guard let target = try? TargetURI(url) else { throw .invalidProof(.wrongTarget) }
        let proof: DPoPProof
        do throws(DPoPProofError) {
            proof = try DPoPProof(
                fields: request.dpop, method: request.method, target: target, accessToken: token.text,
                algorithms: rules.proofAlgorithms, now: now)
        } catch {
            throw AccessTokenVerificationError(error)
        }
        // Section 4.3, number 12
        guard proof.thumbprint.isSameText(as: thumbprint) else { throw .invalidProof(.wrongKey) }
        try checkNonce(proof.nonce, now: now)
        // Section 11.1. It comes last: a proof that is refused for another reason is not used up.
        let owner = Self.owner(of: token) ?? thumbprint
        switch try Self.checking({ () throws(LibcryptoError) in try usedProofs.use(proof, by: owner, now: now) }) {
        case .first: return
        case .repeated: throw .invalidProof(.repeated)
        case .full: throw .tooManyProofs
        }
    }

    /// Whose room in the record a proof takes: a client with many users has that of each.
    private static func owner(of token: VerifiedAccessToken) -> String? {
        let (client, subject) = (token.claims.clientID?.description, token.claims.subject)
        guard client != nil || subject != nil else { return nil }
        // A client's identifier has no line feed, so that the two cannot run into each other.
        return "\(client ?? "")\n\(subject ?? "")"
    }

    private func checkNonce(_ nonce: String?, now: NumericDate) throws(AccessTokenVerificationError) {
        guard let nonces = rules.nonces else { return }
        let isGood = try Self.checking { () throws(LibcryptoError) in
            try nonce.map { (nonce) throws(LibcryptoError) in try nonces.accept(nonce, now: now) } ?? false
        }
        guard isGood else {
            throw .nonceRequired(try Self.checking { () throws(LibcryptoError) in try nonces.make(now: now) })
        }
    }

    private static func checking<Value>(
        _ body: () throws(LibcryptoError) -> Value
    ) throws(AccessTokenVerificationError) -> Value {
        do throws(LibcryptoError) { return try body() } catch { throw .cannotVerify(error) }
    }
}
