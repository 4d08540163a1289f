import AccessToken
import Hummingbird
import Libcrypto
import OAuth

/// `POST /oauth2/token`, RFC 6749 section 3.2.
struct TokenEndpoint: Sendable {
    let services: EndpointServices
    let reusable = ReusableTokens()
    let makeTokenID: @Sendable () throws(LibcryptoError) -> TokenID

    func response(to request: Request, in context: ConnectionContext) async -> Response {
        var event = services.event(.token, of: request, in: context)
        do throws(ClientAuthenticator.Refusal) {
            let trace = event.trace
            let tokenRequest = try await services.refusing { () async throws(TokenError) in
                try await trace.step("receive") { () async throws(TokenError) in
                    try TokenRequest(parsing: try await EndpointRequest(receiving: request))
                }
            }
            event.grantType = tokenRequest.knownGrantType
            let admission = try await services.admit(tokenRequest.credentials, of: request, event: &event)
            let response = try await services.refusing { () async throws(TokenError) in
                try await grant(tokenRequest, admission, event: &event)
            }
            services.finish(event)
            return .confidential(response.json)
        } catch {
            return services.refuse(error, event)
        }
    }

    private func grant(
        _ request: TokenRequest, _ admission: EndpointServices.Admission, event: inout RequestEvent
    ) async throws(TokenError) -> TokenResponse {
        let (snapshot, now) = (admission.snapshot, admission.now)
        let trace = event.trace
        let grant = try await trace.step("authorize") { () async throws(TokenError) in
            try services.reporting { () throws(TokenError) in
                try admission.client.authorize(request, policy: snapshot.policy, sealer: snapshot.sealer, now: now)
            }
        }
        event.grant = grant
        let refreshToken = try refreshToken(of: grant, snapshot, now: now)
        let key = snapshot.signingKey(at: now)
        let token: IssuedAccessToken
        if grant.reuse > .zero {
            (token, event.isReused) = try await reusable.token(like: TokenReuseKey(grant, key: key), now: now) {
                () async throws(TokenError) in try await issue(for: grant, key, admission, trace)
            }
        } else {
            token = try await issue(for: grant, key, admission, trace)
        }
        event.token = token.content
        return TokenResponse(token, refreshToken: refreshToken, now: now)
    }

    private func issue(
        for grant: AuthorizedGrant, _ key: SigningKey, _ admission: EndpointServices.Admission, _ trace: RequestTrace
    ) async throws(TokenError) -> IssuedAccessToken {
        let content = UnsignedAccessToken(
            for: grant, key: key, policy: admission.snapshot.policy, id: try tokenID(), now: admission.now)
        let signature = try await trace.step("sign") { () async throws(TokenError) in
            try await services.sign(content.signingInput, with: key, for: admission.client)
        }
        return IssuedAccessToken(content, signature: signature)
    }

    private func refreshToken(
        of grant: AuthorizedGrant, _ snapshot: Snapshot, now: NumericDate
    ) throws(TokenError) -> String? {
        guard let token = grant.refreshToken else { return nil }
        do throws(SealingError) { return try snapshot.sealer.seal(token, now: now) } catch {
            throw services.failure(error)
        }
    }

    private func tokenID() throws(TokenError) -> TokenID {
        do throws(LibcryptoError) { return try makeTokenID() } catch { throw services.failure(error) }
    }
}
