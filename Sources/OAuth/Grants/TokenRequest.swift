import AccessToken

/// A well-formed token request, RFC 6749 sections 4.4.2 and 6. The client is not authenticated yet.
public struct TokenRequest: Sendable {
    /// The grant that the client requests.
    let grant: RequestedGrant
    /// The access that the client requests.
    let access: RequestedAccess
    /// The credentials of the client that the request claims to come from.
    public let credentials: PresentedCredentials
    /// The certificate that an access token can be bound to; `nil` if the client presented none.
    let certificate: PresentedCertificate?

    /// - Throws: the refusals that do not depend on registered clients: `invalid_request`, `unsupported_grant_type`,
    ///   `invalid_scope`, `invalid_target`, or `invalid_client` if credentials are missing or cannot be parsed.
    public init(parsing request: EndpointRequest) throws(TokenRefusal) {
        try self.init(parsing: request, observe: { _ in })
    }

    /// - Parameter observe: is called with the clients that the request may come from before it throws for any of its
    ///   parameters, so that the log names the client whose request is malformed.
    package init(parsing request: EndpointRequest, observe: (RequestProgress) -> Void) throws(TokenRefusal) {
        let form = try FormParameters(of: request)
        do throws(TokenRefusal) {
            grant = try RequestedGrant(form)
            if case .jwtBearer(let assertion) = grant {
                credentials = try PresentedCredentials(grant: assertion, request, form)
            } else {
                credentials = try PresentedCredentials(request, form)
            }
        } catch {
            let grantType = form["grant_type"].flatMap(GrantType.init(exactly:))
            observe(.identified(PresentedCredentials.claimedClients(request, form), grantType))
            throw error
        }
        observe(.identified(credentials.clientIDs, grant.type))
        access = try RequestedAccess(form)
        certificate = request.certificate
    }
}

/// `grant_type` with the parameters that only this grant type has.
enum RequestedGrant: Sendable {
    case clientCredentials
    case refresh(token: String)
    /// RFC 7523 section 2.1
    case jwtBearer(assertion: String)

    /// RFC 6749 section 5.2: a grant type that the service does not offer is refused before the client is authenticated.
    init(_ form: FormParameters) throws(TokenRefusal) {
        guard let name = form["grant_type"] else { throw TokenRefusal(.missingGrantType) }
        switch GrantType(exactly: name) {
        case .clientCredentials: self = .clientCredentials
        case .refreshToken:
            // RFC 6749 section 6: REQUIRED.
            guard let token = form["refresh_token"] else { throw TokenRefusal(.missingRefreshToken) }
            self = .refresh(token: token)
        case .jwtBearer:
            // RFC 7521 section 4.1: REQUIRED.
            guard let assertion = form["assertion"] else { throw TokenRefusal(.missingAssertion) }
            self = .jwtBearer(assertion: assertion)
        case nil: throw TokenRefusal(.unsupportedGrantType)
        }
    }

    var type: GrantType {
        switch self {
        case .clientCredentials: .clientCredentials
        case .refresh: .refreshToken
        case .jwtBearer: .jwtBearer
        }
    }
}

/// The scope and audiences that a client requests.
struct RequestedAccess: Sendable {
    /// `nil` if the client requests no particular scope.
    let scope: Scope?
    /// `resource`, RFC 8707 section 2, and `audience`, without duplicates; empty if the client names none.
    let audience: [Audience]

    init(_ form: FormParameters) throws(TokenRefusal) {
        do throws(InvalidValue) {
            scope = try form["scope"].map { (text) throws(InvalidValue) in try Scope(text) }
        } catch {
            throw TokenRefusal(.malformedScope)
        }
        var audience: [Audience] = []
        var seen: Set<Audience> = []
        for requested in form.audiences {
            let element = try Self.audience(requested)
            if seen.insert(element).inserted { audience.append(element) }
        }
        self.audience = audience
    }

    /// RFC 8707 section 2: a resource is a URI. A name that is none has the parameter `audience`, as in RFC 8693 section
    /// 2.1.
    private static func audience(_ requested: FormParameters.RequestedAudience) throws(TokenRefusal) -> Audience {
        switch requested {
        case .resource(let text):
            guard let resource = try? Audience(resource: text) else { throw TokenRefusal(.malformedResource) }
            return resource
        case .audience(let text):
            guard let audience = try? Audience(text) else { throw TokenRefusal(.malformedAudience) }
            return audience
        }
    }

    /// RFC 6749 section 3.3: the scope that the client requests, or `allowed` if it requests none.
    func scope(within allowed: Scope) throws(TokenRefusal) -> Scope {
        guard let scope else { return allowed }
        guard scope.isSubset(of: allowed) else { throw TokenRefusal(.scopeNotAllowed) }
        return scope
    }

    /// The audiences that the client names, each once and as `allowed` spells it; `nil` if it names none.
    func audience(within allowed: [Audience]) throws(TokenRefusal) -> [Audience]? {
        guard !audience.isEmpty else { return nil }
        guard audience.allSatisfy({ allowed.spelling(of: $0) != nil }) else { throw TokenRefusal(.resourceNotAllowed) }
        return allowed.spellings(of: audience)
    }
}
