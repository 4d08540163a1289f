import AccessToken
import HTTPEdge
import LiveState
import NIOHTTP1
import OAuth
import Telemetry

/// `POST /oauth2/revoke`, RFC 7009 section 2: ``RevocationEndpoint`` with its dependencies.
struct RevocationEndpointHandler: Sendable {
    let shell: EndpointShell
    let snapshots: SnapshotStore
    let authenticator: ClientAuthenticator
    let revoker: ClientRevoker
    let path: String
    /// The public URL of the endpoint.
    let url: String
    let now: @Sendable () -> NumericDate

    func response(to request: Request, _ requestID: String) async -> Response {
        await shell.respond(to: request, requestID, of: .revocation, path: path, url: url) {
            (request, observation) async throws(TokenRefusal) in
            let (snapshot, now) = (snapshots.current, now())
            try await RevocationEndpoint(inspector: snapshot.inspector).answer(
                request, now: now,
                authenticate: { (credentials, request) async throws(TokenRefusal) in
                    try await authenticator.authenticate(
                        credentials, of: request, in: { RegisteredClients(snapshots.current) },
                        rules: snapshot.assertionRules, now: now)
                },
                revoke: { (client) async throws(TokenRefusal) in try await revoker.revoke(client.id, now: now) },
                observe: { observation.add($0, snapshot.clients) })
            // RFC 7009 section 2.2: the client needs no content.
            return Response(.ok, fields: ["Cache-Control": "no-store", "Pragma": "no-cache"])
        }
    }
}
