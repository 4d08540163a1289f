import AccessToken
import HTTPEdge
import LiveState
import OAuth
import Telemetry

/// `POST /oauth2/token`, RFC 6749 section 3.2: ``TokenEndpoint`` with its dependencies.
struct TokenEndpointHandler: Sendable {
    let shell: EndpointShell
    let snapshots: SnapshotStore
    let authenticator: ClientAuthenticator
    let issuer: TokenIssuer
    let path: String
    /// The public URL of the endpoint.
    let url: String
    let now: @Sendable () -> NumericDate

    func response(to request: Request, _ requestID: String) async -> Response {
        await shell.respond(to: request, requestID, of: .token, path: path, url: url) {
            (request, observation) async throws(TokenRefusal) in
            let (snapshot, now) = (snapshots.current, now())
            let response = try await TokenEndpoint(policy: snapshot.policy, sealer: snapshot.sealer).answer(
                request, now: now,
                authenticate: { (credentials, request) async throws(TokenRefusal) in
                    try await authenticator.authenticate(credentials, of: request, in: snapshot.clients, now: now)
                },
                sign: { (grant) async throws(TokenRefusal) in
                    let trace = observation.trace
                    let (token, isReused) = try await issuer.token(for: grant, snapshot, now: now, trace)
                    observation.event.token = token.content
                    observation.event.isReused = isReused
                    return token
                },
                observe: { observation.add($0, snapshot.clients) })
            return .confidential(response.json)
        }
    }
}
