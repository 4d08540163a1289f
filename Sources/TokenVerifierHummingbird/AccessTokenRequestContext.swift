public import AccessToken
public import Hummingbird

/// A request context that has room for the verified token.
public protocol AccessTokenRequestContext: RequestContext {
    /// nil until ``BearerTokenMiddleware`` has let the request pass.
    var accessToken: VerifiedAccessToken? { get set }
}

/// A context with nothing else in it.
public struct BasicAccessTokenRequestContext: AccessTokenRequestContext {
    /// What Hummingbird keeps for every request.
    public var coreContext: CoreRequestContextStorage
    /// nil until ``BearerTokenMiddleware`` has let the request pass.
    public var accessToken: VerifiedAccessToken?

    /// Hummingbird calls it once for each request.
    public init(source: Source) {
        coreContext = .init(source: source)
    }
}
