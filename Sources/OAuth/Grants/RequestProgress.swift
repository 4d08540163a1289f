package import AccessToken

/// The result of a step of a request.
package enum RequestProgress {
    /// The clients that the request may come from are known, most likely first. Its credentials may be malformed. The
    /// grant type is `nil` if it is not supported, or if the request is not a token request.
    case identified([ClientID], GrantType?)
    /// The request is well-formed.
    case parsed
    case authenticated(AuthenticatedClient)
    /// The client has proven that it holds a key, which its token is bound to.
    case bound(Confirmation)
    case authorized(AuthorizedGrant)
}
