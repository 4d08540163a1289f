/// The result of a step of a request.
package enum RequestProgress {
    /// The credentials are parsed. The grant type is `nil` if it is not supported, or if the request is not a token
    /// request.
    case identified(PresentedCredentials, GrantType?)
    /// The request is well-formed.
    case parsed
    case authenticated(AuthenticatedClient)
    case authorized(AuthorizedGrant)
}
