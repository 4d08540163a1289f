import AccessToken

extension TokenRefusal {
    /// The refusal of a DPoP proof. The answer says which rule it breaks: the client made the proof itself.
    init(_ error: DPoPProofError) {
        if case .cannotVerify(let failure) = error {
            self = .failure(failure)
        } else {
            self = .invalidProof(RefusalCause(error), error.description)
        }
    }

    /// - Parameter reason: a fixed clause in which "it" is the proof.
    static func invalidProof(_ cause: RefusalCause, _ reason: String) -> TokenRefusal {
        var refusal = TokenRefusal(.invalidProof, cause: cause)
        refusal.reason = reason
        return refusal
    }
}

extension RefusalCause {
    /// The word for a proof that is refused at the token endpoint, where it comes without an access token.
    init(_ error: DPoPProofError) { self = RefusalCause(rawValue: error.code) ?? .proofMalformed }

    /// The causes that say what is wrong with a DPoP proof.
    package static let ofProofs = allCases.filter { $0.rawValue.hasPrefix("proof_") }
}
