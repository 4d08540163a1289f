import AccessToken

/// The parts of a request to a resource server that decide on its access token, for any HTTP framework.
public struct ProtectedResourceRequest: Sendable {
    /// The method, in the letter case of the request.
    public var method: String
    /// The URL to which the client has sent the request, RFC 9449 section 4.3: that of the server as its clients know it, with
    /// the path of the request. Query and fragment do not count. `nil` if it is not known: then no DPoP proof can be checked,
    /// and a token that is bound to a DPoP key is refused.
    ///
    /// Take scheme, host and port from the configuration (``PublicURL``). The field `Host` is the client's own, and behind a
    /// proxy it often is another than the client's.
    public var url: String?
    /// The values of all `Authorization` fields.
    public var authorization: [String]
    /// The values of all `DPoP` fields.
    public var dpop: [String]
    /// The certificate that the client has shown in the TLS handshake, RFC 8705 section 3; `nil` without one.
    public var clientCertificate: ClientCertificate?

    /// - Parameters:
    ///   - method: in the letter case of the request.
    ///   - url: the public URL of the request; `nil` if it is not known.
    ///   - authorization: the values of all `Authorization` fields.
    ///   - dpop: the values of all `DPoP` fields.
    ///   - clientCertificate: that of the connection; `nil` without one.
    public init(
        method: String, url: String?, authorization: [String], dpop: [String] = [],
        clientCertificate: ClientCertificate? = nil
    ) {
        self.method = method
        self.url = url
        self.authorization = authorization
        self.dpop = dpop
        self.clientCertificate = clientCertificate
    }
}

/// The scheme with which a request presents its token, RFC 9110 section 11.1.
public enum AuthorizationScheme: String, Sendable, Hashable, CaseIterable {
    /// RFC 6750 section 2.1, which is also for tokens that are bound to a certificate (RFC 8705 section 3).
    case bearer = "Bearer"
    /// RFC 9449 section 7.1
    case dpop = "DPoP"
}

/// How a request presents its token.
struct TokenPresentation: Sendable {
    let scheme: AuthorizationScheme
    /// `nil` for a token without a request.
    let request: ProtectedResourceRequest?

    /// A token as such, of whose sender nothing is known.
    static let alone = TokenPresentation(scheme: .bearer, request: nil)
}
