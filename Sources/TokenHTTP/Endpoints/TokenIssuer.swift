import AccessToken
import JOSE
import Libcrypto
import LiveState
import OAuth
import Signing
import Telemetry

/// Issues access tokens: a new one, or one that was issued for an equal grant and may be reused.
struct TokenIssuer: Sendable {
    let signers: SignerPool
    let makeTokenID: @Sendable () throws(LibcryptoError) -> TokenID
    private let reusable = ReusableTokens()

    init(_ signers: SignerPool, makeTokenID: @escaping @Sendable () throws(LibcryptoError) -> TokenID) {
        self.signers = signers
        self.makeTokenID = makeTokenID
    }

    /// - Parameter trace: receives the span of the signature, if one is made.
    func token(
        for grant: AuthorizedGrant, _ snapshot: Snapshot, now: NumericDate, _ trace: RequestTrace
    ) async throws(TokenRefusal) -> (token: IssuedAccessToken, isReused: Bool) {
        let key = snapshot.signingKey(at: now)
        guard grant.reuse > .zero else {
            return (try await issue(grant, key, snapshot.policy, now: now, trace), false)
        }
        return try await reusable.token(for: TokenReuseKey(grant.terms, key: key), now: now) {
            () async throws(TokenRefusal) in try await issue(grant, key, snapshot.policy, now: now, trace)
        }
    }

    private func issue(
        _ grant: AuthorizedGrant, _ key: SigningKey, _ policy: IssuancePolicy, now: NumericDate, _ trace: RequestTrace
    ) async throws(TokenRefusal) -> IssuedAccessToken {
        let id: TokenID
        do throws(LibcryptoError) { id = try makeTokenID() } catch { throw .failure(error) }
        let content = UnsignedAccessToken(for: grant, key: key, policy: policy, id: id, now: now)
        let signature = try await trace.step("sign") { () async throws(TokenRefusal) in
            try await signers.signature(over: content.signingInput, with: key, for: grant.client.id)
        }
        return IssuedAccessToken(content, signature: signature)
    }
}

extension SignerPool {
    /// The signature of `key` over `input`.
    ///
    /// - Throws: the refusal for the client if the signature cannot be made.
    func signature(
        over input: JWSSigningInput, with key: SigningKey, for client: ClientID
    ) async throws(TokenRefusal) -> [UInt8] {
        do throws(SigningError) { return try await sign(input, with: key, for: client) } catch {
            switch error {
            case .queueFull: throw TokenRefusal(.overloaded)
            case .failed(let cause): throw .failure(cause)
            case .unavailable: throw TokenRefusal(.signingKeyUnavailable)
            }
        }
    }
}
