import AccessToken

/// The DPoP proof of a token request, RFC 9449 section 5. It is checked in two steps, so that a stranger causes no signature
/// check and no record, and a malformed proof uses up no assertion:
///
/// 1. before the client is authenticated, what takes no signature check;
/// 2. after that the signature, and last that the proof was not used before.
struct PresentedProof {
    private let proof: UnverifiedDPoPProof
    private let policy: DPoPPolicy
    /// When its nonce was made; `nil` if it needs none.
    private let nonceTime: NumericDate?

    /// Makes the first step.
    ///
    /// - Returns: `nil` for a request without a `DPoP` field.
    /// - Throws: ``TokenRefusal/Code/invalidProof``, ``TokenRefusal/Code/useNonce``
    init?(of request: EndpointRequest, policy: DPoPPolicy, now: NumericDate) throws(TokenRefusal) {
        guard !request.fields.dpop.isEmpty else { return nil }
        let targets = [try? TargetURI(request.url), policy.alias].compactMap(\.self)
        do throws(DPoPProofError) {
            proof = try UnverifiedDPoPProof(
                fields: request.fields.dpop, method: request.method, targets: targets, accessToken: nil,
                algorithms: policy.algorithms, now: now)
        } catch {
            throw TokenRefusal(error)
        }
        self.policy = policy
        nonceTime = try policy.time(ofNonceIn: proof, now: now)
    }

    /// Makes the second step for a client that is authenticated.
    ///
    /// - Parameter use: records the use of a proof at a time. It is called only if the proof meets every other rule.
    /// - Returns: the client with the confirmation that it holds the key of the proof.
    /// - Throws: ``TokenRefusal/Code/invalidProof``; ``TokenRefusal/Code/overloaded`` if no more uses can be recorded; what
    ///   `use` throws.
    func bind(
        _ client: AuthenticatedClient, now: NumericDate,
        use: (UsedAssertion, NumericDate) async throws(TokenRefusal) -> AssertionUse
    ) async throws(TokenRefusal) -> AuthenticatedClient {
        let verified: DPoPProof
        do throws(DPoPProofError) { verified = try proof.verified() } catch { throw TokenRefusal(error) }
        guard !policy.isOwn(verified.thumbprint) else {
            throw TokenRefusal.invalidProof(.proofOwnKey, "its jwk is a key of the server")
        }
        switch try await use(UsedAssertion(verified, noncedAt: nonceTime, of: client.client.id), now) {
        case .first: return AuthenticatedClient(client, holding: verified)
        case .repeated: throw TokenRefusal(DPoPProofError.repeated)
        case .possiblyRepeated where policy.asksForNonces: throw TokenRefusal(.useNonce, cause: .proofBeforeStart)
        case .possiblyRepeated:
            throw TokenRefusal.invalidProof(.proofBeforeStart, "it may have been used before the server was started")
        case .full: throw TokenRefusal(.overloaded, cause: .replayCacheFull)
        }
    }
}

extension UsedAssertion {
    /// A proof is good once for its key, whichever client uses it (RFC 9449 section 11.1), and counts for the client that
    /// does. It is accepted for ``DPoPProof/tolerance`` before `iat` and after.
    ///
    /// - Parameter noncedAt: when its nonce was made, which the service knows better than the client knows `iat`: the proof is
    ///   no older. `nil` without a nonce.
    init(_ proof: DPoPProof, noncedAt: NumericDate?, of client: ClientID) {
        self.init(
            tokenID: proof.tokenID, clientID: client, maker: .key(thumbprint: proof.thumbprint),
            issuedAt: noncedAt ?? proof.issuedAt, expiresAt: proof.expiresAt,
            longestUse: DPoPProof.tolerance * 2 + .seconds(1))
    }
}
