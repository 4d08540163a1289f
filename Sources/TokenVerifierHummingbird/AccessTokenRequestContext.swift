public import AccessToken
public import Hummingbird

/// A request context that holds the verified token.
public protocol AccessTokenRequestContext: RequestContext {
    /// `nil` until ``BearerTokenMiddleware`` has accepted the token of the request.
    var accessToken: VerifiedAccessToken? { get set }
}

/// A request context that holds only the verified token.
public struct BasicAccessTokenRequestContext: AccessTokenRequestContext {
    /// The data that Hummingbird needs for every request.
    public var coreContext: CoreRequestContextStorage
    /// `nil` until ``BearerTokenMiddleware`` has accepted the token of the request.
    public var accessToken: VerifiedAccessToken?

    /// Creates the context. Hummingbird calls this once for each request.
    public init(source: Source) {
        coreContext = .init(source: source)
    }
}
