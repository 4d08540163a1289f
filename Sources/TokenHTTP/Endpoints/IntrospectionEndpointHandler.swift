import AccessToken
import HTTPEdge
import JOSE
import LiveState
import NIOHTTP1
import OAuth
import Signing
import Telemetry

/// `POST /oauth2/introspect`, RFC 7662 section 2: ``IntrospectionEndpoint`` with its dependencies.
struct IntrospectionEndpointHandler: Sendable {
    let shell: EndpointShell
    let snapshots: SnapshotStore
    let authenticator: ClientAuthenticator
    let signers: SignerPool
    let path: String
    /// The public URL of the endpoint.
    let url: String
    let now: @Sendable () -> NumericDate

    func response(to request: Request, _ requestID: String) async -> Response {
        var response = await shell.respond(to: request, requestID, of: .introspection, path: path, url: url) {
            (request, observation) async throws(TokenRefusal) in
            let (snapshot, now) = (snapshots.current, now())
            let endpoint = IntrospectionEndpoint(inspector: snapshot.inspector, key: snapshot.signingKey(at: now))
            let response = try await endpoint.answer(
                request, now: now,
                authenticate: { (credentials, request) async throws(TokenRefusal) in
                    try await authenticator.authenticate(
                        credentials, of: request, in: { RegisteredClients(snapshots.current) },
                        rules: snapshot.assertionRules, now: now)
                },
                sign: { (input, key, client) async throws(TokenRefusal) in
                    try await signers.signature(over: input, with: key, for: client)
                },
                observe: { observation.add($0, snapshot.clients) })
            return .confidential(response.body, mediaType: response.mediaType)
        }
        response.fields.add(name: "Vary", value: "Accept")
        return response
    }
}
