public import AccessToken
import HTTPTypes
public import Hummingbird
public import TokenVerifier

/// Lets a request pass with a verified access token and answers the others as RFC 6750 section 3 says.
public struct BearerTokenMiddleware<Context: AccessTokenRequestContext>: RouterMiddleware {
    private let verifier: AccessTokenVerifier
    private let scope: Scope

    /// - Parameter scope: what a token must hold to pass.
    public init(_ verifier: AccessTokenVerifier, requiring scope: Scope = .empty) {
        self.verifier = verifier
        self.scope = scope
    }

    /// Answers 401 without a valid token, 400 with more than one, 403 where it lacks scope, 503 if the issuer's keys
    /// cannot be had or libcrypto fails.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // RFC 6750 section 3.1: one way of sending one token.
        guard request.headers[values: .authorization].count <= 1 else {
            return Self.challenge(#"Bearer error="invalid_request""#, .badRequest)
        }
        // Without credentials, no error code.
        guard let token = Self.bearerToken(of: request) else { return Self.challenge("Bearer", .unauthorized) }
        let verified: VerifiedAccessToken
        do throws(AccessTokenVerificationError) {
            verified = try await verifier.verify(token)
        } catch {
            switch error {
            case .rejected: return Self.challenge(#"Bearer error="invalid_token""#, .unauthorized)
            case .noKeys, .cannotVerify: return Response(status: .serviceUnavailable, headers: [.retryAfter: "5"])
            }
        }
        guard scope.isSubset(of: verified.claims.scope) else {
            return Self.challenge(#"Bearer error="insufficient_scope", scope="\#(scope)""#, .forbidden)
        }
        var context = context
        context.accessToken = verified
        return try await next(request, context)
    }

    /// RFC 6750 section 2.1; the scheme in any case (RFC 9110 section 11.1).
    private static func bearerToken(of request: Request) -> String? {
        let parts = request.headers[.authorization]?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    private static func challenge(_ challenge: String, _ status: HTTPResponse.Status) -> Response {
        Response(status: status, headers: [.wwwAuthenticate: challenge])
    }
}
