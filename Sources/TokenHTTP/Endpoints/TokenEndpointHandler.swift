import AccessToken
import Admission
import HTTPEdge
import LiveState
import NIOHTTP1
import OAuth
import Telemetry

/// `POST /oauth2/token`, RFC 6749 section 3.2: ``TokenEndpoint`` with its dependencies.
struct TokenEndpointHandler: Sendable {
    let shell: EndpointShell
    let snapshots: SnapshotStore
    let authenticator: ClientAuthenticator
    let issuer: TokenIssuer
    let usedProofs: any ReplayProtection
    let uses: ClientUses
    let path: String
    /// The public URL of the endpoint.
    let url: String
    let now: @Sendable () -> NumericDate

    func response(to request: Request, _ requestID: String) async -> Response {
        var response = await shell.respond(to: request, requestID, of: .token, path: path, url: url) {
            (request, observation) async throws(TokenRefusal) in
            let (snapshot, now) = (snapshots.current, now())
            let endpoint = TokenEndpoint(policy: snapshot.policy, sealer: snapshot.sealer, proofs: snapshot.proofs)
            let response = try await endpoint.answer(
                request, now: now,
                authenticate: { (credentials, request) async throws(TokenRefusal) in
                    try await authenticator.authenticate(
                        credentials, of: request, in: { RegisteredClients(snapshots.current) },
                        rules: snapshot.assertionRules, now: now)
                },
                admit: { (client) throws(TokenRefusal) in try uses.admit(client) },
                useProof: { (proof, now) async throws(TokenRefusal) in try await usedProofs.use(proof, now: now) },
                sign: { (grant) async throws(TokenRefusal) in
                    let trace = observation.trace
                    let (token, isReused) = try await issuer.token(for: grant, snapshot, now: now, trace)
                    observation.event.token = token.content
                    observation.event.isReused = isReused
                    return token
                },
                observe: { observation.add($0, snapshot.clients) })
            if let client = observation.event.client { uses.record(client.id, at: now) }
            return .confidential(response.json)
        }
        // RFC 9449 section 8.2: whatever became of the request, its client has the nonce for the next.
        if request.fields.contains(name: "DPoP"), let nonce = snapshots.current.proofs.nextNonce(now: now()) {
            response.fields.add(name: "DPoP-Nonce", value: nonce)
        }
        return response
    }
}
