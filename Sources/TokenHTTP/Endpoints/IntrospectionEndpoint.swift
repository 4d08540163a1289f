import Hummingbird
import JOSE
import HTTPTypes
import OAuth

/// `POST /oauth2/introspect`, RFC 7662 section 2.
struct IntrospectionEndpoint: Sendable {
    let services: EndpointServices

    /// RFC 9701 section 4
    private static let jwtMediaType = "application/token-introspection+jwt"

    func response(to request: Request, in context: ConnectionContext) async -> Response {
        var event = services.event(.introspection, of: request, in: context)
        var response: Response
        do throws(ClientAuthenticator.Refusal) {
            let trace = event.trace
            let introspectionRequest = try await services.refusing { () async throws(TokenError) in
                try await trace.step("receive") { () async throws(TokenError) in
                    try IntrospectionRequest(parsing: try await EndpointRequest(receiving: request))
                }
            }
            let admission = try await services.admit(introspectionRequest.credentials, of: request, event: &event)
            let wantsJWT = AcceptedMediaTypes(request.headers[values: .accept])
                .prefer(Self.jwtMediaType, to: "application/json")
            response = try await services.refusing { () async throws(TokenError) in
                try await trace.step("inspect") { () async throws(TokenError) in
                    try await answer(to: introspectionRequest, of: admission, asJWT: wantsJWT)
                }
            }
            services.finish(event)
        } catch {
            response = services.refuse(error, event)
        }
        response.headers[.vary] = "Accept"
        return response
    }

    private func answer(
        to request: IntrospectionRequest, of admission: EndpointServices.Admission, asJWT: Bool
    ) async throws(TokenError) -> Response {
        let (snapshot, now) = (admission.snapshot, admission.now)
        let introspection = try services.reporting { () throws(TokenError) in
            try admission.client.introspect(request, with: snapshot.inspector, now: now)
        }
        guard asJWT else { return .confidential(introspection.json) }
        let unsigned = UnsignedIntrospection(
            introspection, issuer: snapshot.policy.issuer, key: snapshot.signingKey(at: now), now: now)
        let signature = try await services.sign(
            unsigned.signingInput, with: unsigned.key, for: admission.client)
        return .confidential(unsigned.signingInput.compact(with: signature), mediaType: Self.jwtMediaType)
    }
}
