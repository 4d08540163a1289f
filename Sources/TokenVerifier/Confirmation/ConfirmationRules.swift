public import JOSE

/// How a resource server checks that the sender of a token has the key that the token is bound to (RFC 7800): by a DPoP proof
/// (RFC 9449) or by the certificate of the connection (RFC 8705).
public struct ConfirmationRules: Sendable {
    /// What a token is bound to.
    public enum Binding: Sendable, Hashable {
        /// A DPoP key or a certificate.
        case any
        /// A DPoP key: `cnf.jkt`.
        case dpop
        /// A certificate: `cnf.x5t#S256`.
        case certificate
    }

    /// What each token must be bound to; `nil` if tokens that are bound to nothing are accepted too.
    public var required: Binding?
    /// The accepted signature algorithms of DPoP proofs.
    public var proofAlgorithms: [SignatureAlgorithm]
    /// The nonces that DPoP proofs must have (RFC 9449 section 9); `nil` for none. With them a proof cannot be made long before
    /// it is used.
    public var nonces: DPoPNonces?
    /// How many DPoP proofs are recorded at most, so that none is used twice (RFC 9449 section 11.1). Each is kept for some
    /// minutes and takes some 60 octets. If there is no room, requests with a proof are answered 503. One client gets half
    /// of the room at most, for each subject of its tokens.
    public var recordedProofs: Int

    /// The defaults are: tokens may be bound to anything or nothing, all algorithms of ``SignatureAlgorithm/all``, no nonces,
    /// and a record of 2^20 proofs.
    public init(
        required: Binding? = nil, proofAlgorithms: [SignatureAlgorithm] = SignatureAlgorithm.all,
        nonces: DPoPNonces? = nil, recordedProofs: Int = 1 << 20
    ) {
        self.required = required
        self.proofAlgorithms = proofAlgorithms
        self.nonces = nonces
        self.recordedProofs = recordedProofs
    }

    /// The schemes with which a token can be presented that these rules accept.
    var schemes: [AuthorizationScheme] {
        switch required {
        // A token that is bound to a certificate may be bound to a DPoP key too.
        case nil, .any, .certificate: [.bearer, .dpop]
        case .dpop: [.dpop]
        }
    }
}
