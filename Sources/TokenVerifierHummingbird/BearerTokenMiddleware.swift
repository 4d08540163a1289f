public import AccessToken
import HTTPTypes
public import Hummingbird
public import TokenVerifier
import WireText

/// Passes on requests with a valid access token, and answers all others as RFC 6750 section 3 requires.
public struct BearerTokenMiddleware<Context: AccessTokenRequestContext>: RouterMiddleware {
    private let verifier: AccessTokenVerifier
    private let scope: Scope

    /// - Parameter scope: the scope that a token must have.
    public init(_ verifier: AccessTokenVerifier, requiring scope: Scope = .empty) {
        self.verifier = verifier
        self.scope = scope
    }

    /// Answers 401 if the request has no valid token, 400 if it has more than one, 403 if the token lacks scope, and
    /// 503 if the issuer's keys are not available or libcrypto fails.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // RFC 6750 section 3.1: a request has one token, sent in one way.
        guard request.headers[values: .authorization].count <= 1 else {
            return Self.challenge(#"Bearer error="invalid_request""#, .badRequest)
        }
        // RFC 6750 section 3.1: a request without credentials gets no error code.
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

    /// RFC 6750 section 2.1. The scheme is case-insensitive (RFC 9110 section 11.1).
    private static func bearerToken(of request: Request) -> String? {
        guard let field = request.headers[.authorization] else { return nil }
        let (scheme, token) = Octets(field).trimmed.split(at: " ")
        guard scheme.isSameIgnoringCase(as: "bearer") else { return nil }
        return token?.trimmed.text
    }

    private static func challenge(_ challenge: String, _ status: HTTPResponse.Status) -> Response {
        Response(status: status, headers: [.wwwAuthenticate: challenge])
    }
}
