import AccessToken

/// A well-formed token request, RFC 6749 sections 4.4.2 and 6. The client is not authenticated yet.
public struct TokenRequest: Sendable {
    /// The grant that the client requests.
    let grant: RequestedGrant
    /// The access that the client requests.
    let access: RequestedAccess
    /// The credentials of the client that the request claims to come from.
    public let credentials: PresentedCredentials

    /// - Throws: the refusals that do not depend on registered clients: `invalid_request`, `invalid_scope`,
    ///   `invalid_target`, or `invalid_client` if credentials are missing or cannot be parsed.
    public init(parsing request: EndpointRequest) throws(TokenRefusal) {
        try self.init(parsing: request, observe: { _ in })
    }

    /// - Parameter observe: is called with the credentials before scope and resources are parsed, so that the log names
    ///   the client whose request is malformed.
    package init(parsing request: EndpointRequest, observe: (RequestProgress) -> Void) throws(TokenRefusal) {
        let form = try FormParameters(of: request)
        grant = try RequestedGrant(form)
        credentials = try PresentedCredentials(request, form)
        observe(.identified(credentials, grant.type))
        access = grant.type == nil ? .nothing : try RequestedAccess(form)
    }
}

/// `grant_type` with the parameters that only this grant type has.
enum RequestedGrant: Sendable {
    case clientCredentials
    case refresh(token: String)
    /// A grant type that the service does not support. It is refused only after the client is authenticated.
    case unsupported

    init(_ form: FormParameters) throws(TokenRefusal) {
        guard let name = form["grant_type"] else { throw TokenRefusal(.missingGrantType) }
        switch GrantType(exactly: name) {
        case .clientCredentials: self = .clientCredentials
        case .refreshToken:
            // RFC 6749 section 6: REQUIRED.
            guard let token = form["refresh_token"] else { throw TokenRefusal(.missingRefreshToken) }
            self = .refresh(token: token)
        case nil: self = .unsupported
        }
    }

    /// `nil` if the service does not support it.
    var type: GrantType? {
        switch self {
        case .clientCredentials: .clientCredentials
        case .refresh: .refreshToken
        case .unsupported: nil
        }
    }
}

/// The scope and resources that a client requests.
struct RequestedAccess: Sendable {
    /// `nil` if the client requests no particular scope.
    let scope: Scope?
    /// `resource`, RFC 8707 section 2, without duplicates; empty if the client names none.
    let audience: [Audience]

    /// No particular access.
    static let nothing = RequestedAccess(scope: nil, audience: [])

    private init(scope: Scope?, audience: [Audience]) {
        self.scope = scope
        self.audience = audience
    }

    init(_ form: FormParameters) throws(TokenRefusal) {
        do throws(InvalidValue) {
            scope = try form["scope"].map { (text) throws(InvalidValue) in try Scope(text) }
        } catch {
            throw TokenRefusal(.malformedScope)
        }
        var audience: [Audience] = []
        var seen: Set<Audience> = []
        for text in form.resources {
            guard let resource = try? Audience(text) else { throw TokenRefusal(.malformedResource) }
            if seen.insert(resource).inserted { audience.append(resource) }
        }
        self.audience = audience
    }

    /// RFC 6749 section 3.3: the scope that the client requests, or `allowed` if it requests none.
    func scope(within allowed: Scope) throws(TokenRefusal) -> Scope {
        guard let scope else { return allowed }
        guard scope.isSubset(of: allowed) else { throw TokenRefusal(.scopeNotAllowed) }
        return scope
    }

    /// The resources that the client names; `nil` if it names none.
    func audience(within allowed: [Audience]) throws(TokenRefusal) -> [Audience]? {
        guard !audience.isEmpty else { return nil }
        guard audience.allSatisfy(allowed.contains) else { throw TokenRefusal(.resourceNotAllowed) }
        return audience
    }
}
