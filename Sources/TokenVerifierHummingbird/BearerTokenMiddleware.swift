public import AccessToken
import HTTPTypes
public import Hummingbird
public import TokenVerifier

/// Passes on requests with a valid access token, and answers all others as RFC 6750 section 3 and RFC 9449 section 7 require.
///
/// A route that needs more scope calls `try token.require(scope: "site.write")`: the error becomes a 403 with a challenge.
///
/// A token that is bound to a DPoP key is accepted with a proof for the URL of the request. That is made of
/// `publicURL` of the `ProtectionSpace` and the path of the request; without a public URL such a token is refused. A token that is
/// bound to a certificate is accepted if `clientCertificate` gives this certificate.
///
/// A request passes one such middleware: a DPoP proof is good once, so that a second one refuses it. Routes in a group that need
/// more scope than the group call `require(scope:)`.
public struct BearerTokenMiddleware<Context: AccessTokenRequestContext>: RouterMiddleware {
    private let verifier: any TokenVerifying
    private let scope: Scope
    private let space: ProtectionSpace
    private let clientCertificate: @Sendable (Request, Context) -> ClientCertificate?

    /// - Parameters:
    ///   - scope: the scope that a token must have.
    ///   - space: how challenges name the resource server, and its public URL. By default the realm is that of the verifier.
    ///   - clientCertificate: the certificate that the client has shown in the TLS handshake. Hummingbird does not know it: the
    ///     context can have it from the channel, or a proxy passes it on in a field
    ///     (`ClientCertificate.init(clientCert:)`).
    public init(
        _ verifier: some TokenVerifying, requiring scope: Scope = .empty, in space: ProtectionSpace? = nil,
        clientCertificate: @escaping @Sendable (Request, Context) -> ClientCertificate? = { _, _ in nil }
    ) {
        self.verifier = verifier
        self.scope = scope
        self.space = space ?? ProtectionSpace(of: verifier)
        self.clientCertificate = clientCertificate
    }

    /// Answers 401 if the request has no valid token or no valid proof, 400 if it has more than one token, 403 if the token
    /// lacks scope, and 503 if the issuer's keys are not available, libcrypto fails or too many proofs are in use.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let token: VerifiedAccessToken
        switch await verifier.authorize(
            presented(request, context), requiring: scope, in: space, logger: context.logger)
        {
        case .success(let verified): token = verified
        case .failure(let challenge): return challenge.response
        }
        var context = context
        context.accessToken = token
        do { return try await next(request, context) } catch let error as InsufficientScope {
            return BearerChallenge.insufficientScope(error.required, of: token, in: space).response
        }
    }

    private func presented(_ request: Request, _ context: Context) -> ProtectedResourceRequest {
        ProtectedResourceRequest(
            method: request.method.rawValue, url: space.publicURL?.url(ofPath: request.uri.path),
            authorization: request.headers[values: .authorization],
            dpop: HTTPField.Name.dpop.map { request.headers[values: $0] } ?? [],
            clientCertificate: clientCertificate(request, context))
    }
}

extension HTTPField.Name {
    /// RFC 9449 section 4.1
    fileprivate static let dpop = HTTPField.Name("DPoP")
}
