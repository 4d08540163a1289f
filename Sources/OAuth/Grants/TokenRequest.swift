import AccessToken

/// A well-formed token request, RFC 6749 sections 4.4.2 and 6. Who sent it is not yet proven.
public struct TokenRequest: Sendable {
    /// What the client asks for.
    let grant: GrantRequest
    /// The client that the request claims to be from, with what is to prove it.
    public let credentials: PresentedCredentials

    /// - Throws: what can be refused without knowing the clients: `invalid_request`, `invalid_scope`, `invalid_target`, or
    ///   `invalid_client` if credentials are missing or cannot be read.
    public init(parsing request: EndpointRequest) throws(TokenRefusal) {
        let form = try FormParameters(of: request)
        guard let name = form["grant_type"] else { throw TokenRefusal(.missingGrantType) }
        grant = try GrantRequest(name, form)
        credentials = try PresentedCredentials(request, form)
    }

    /// `grant_type`; `nil` for one that the service does not have.
    package var grantType: GrantType? {
        switch grant {
        case .clientCredentials: .clientCredentials
        case .refresh: .refreshToken
        case .unsupported: nil
        }
    }
}

/// `grant_type` with its parameters.
enum GrantRequest: Sendable {
    case clientCredentials(RequestedAccess)
    case refresh(token: String, RequestedAccess)
    /// A grant type that the service does not have. The client is authenticated before it is refused.
    case unsupported

    init(_ grantType: String, _ form: FormParameters) throws(TokenRefusal) {
        switch GrantType(rawValue: grantType) {
        case .clientCredentials: self = .clientCredentials(try RequestedAccess(form))
        case .refreshToken:
            // RFC 6749 section 6: REQUIRED.
            guard let token = form["refresh_token"] else { throw TokenRefusal(.missingRefreshToken) }
            self = .refresh(token: token, try RequestedAccess(form))
        case nil: self = .unsupported
        }
    }
}

/// The part of its access that a client asks for.
struct RequestedAccess: Sendable {
    /// `nil` if the client asks for nothing in particular.
    let scope: Scope?
    /// `resource`, RFC 8707 section 2, each once; empty if the client names none.
    let audience: [Audience]

    init(_ form: FormParameters) throws(TokenRefusal) {
        do throws(InvalidValue) {
            scope = try form["scope"].map { (text) throws(InvalidValue) in try Scope(text) }
        } catch {
            throw TokenRefusal(.malformedScope)
        }
        var audience: [Audience] = []
        for text in form.resources {
            guard let resource = try? Audience(text) else { throw TokenRefusal(.malformedResource) }
            if !audience.contains(resource) { audience.append(resource) }
        }
        self.audience = audience
    }

    /// RFC 6749 section 3.3: the scope that the client asks for, or `allowed` if it asks for none.
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
