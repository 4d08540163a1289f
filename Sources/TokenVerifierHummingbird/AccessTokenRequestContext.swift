public import AccessToken
public import Hummingbird

/// A request context that holds the verified token, once ``BearerTokenMiddleware`` has accepted it.
public protocol AccessTokenRequestContext: RequestContext {
    /// `nil` until ``BearerTokenMiddleware`` has accepted the token of the request.
    var accessToken: VerifiedAccessToken? { get set }
}

extension AccessTokenRequestContext {
    /// The verified token, for the initializer of a context that has one: see ``AuthorizedRequestContext``.
    ///
    /// - Throws: status 500 if no ``BearerTokenMiddleware`` is before the group of routes.
    public func verifiedAccessToken() throws(HTTPError) -> VerifiedAccessToken {
        guard let accessToken else {
            throw HTTPError(.internalServerError, message: "no BearerTokenMiddleware is before these routes")
        }
        return accessToken
    }
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

/// The context of routes behind a ``BearerTokenMiddleware``: it has a token.
///
/// It is the context of the group that `router.group().add(middleware:).group(context: AuthorizedRequestContext.self)` makes. A
/// program with a context of its own writes the same four lines for it.
public struct AuthorizedRequestContext: ChildRequestContext {
    /// The data that Hummingbird needs for every request.
    public var coreContext: CoreRequestContextStorage
    /// The token that ``BearerTokenMiddleware`` has accepted.
    public let accessToken: VerifiedAccessToken

    /// Creates the context from that of the middleware.
    ///
    /// - Throws: status 500 if no middleware has verified a token.
    public init(context: BasicAccessTokenRequestContext) throws {
        coreContext = context.coreContext
        accessToken = try context.verifiedAccessToken()
    }
}
