import AccessToken
import Hummingbird
import LiveState
import OAuth
import Telemetry

/// `POST /oauth2/token`, RFC 6749 section 3.2: ``TokenEndpoint`` with its dependencies.
struct TokenEndpointHandler: Sendable {
    let shell: EndpointShell
    let snapshots: SnapshotStore
    let authenticator: ClientAuthenticator
    let issuer: TokenIssuer
    /// The public URL of the endpoint.
    let url: String
    let now: @Sendable () -> NumericDate

    func response(to request: Request, in context: ConnectionContext) async -> Response {
        await shell.respond(to: request, in: context, of: .token, url: url) {
            (request, observation) async throws(TokenRefusal) in
            // Read after the body has arrived: a slow request must not be answered from old clients, or at an old time.
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
