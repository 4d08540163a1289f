public import AccessToken
public import JOSE

/// A registered client, with the names of RFC 7591 section 2 where it has them.
public final class Client: Sendable {
    /// `client_id`; also `sub` of its tokens (RFC 9068 section 2.2).
    package let id: ClientID
    /// `client_name`
    package let name: String?
    /// `client_secrets`: any that is current is accepted. Empty for a client that has keys only.
    package let secrets: [ClientSecret]
    /// `jwks` or `jwks_uri`; nil for a client that has secrets only.
    package let keys: ClientKeys?
    /// `token_endpoint_auth_method`; `nil` accepts every method that goes with what the client has.
    package let authenticationMethod: TokenEndpointAuthenticationMethod?
    /// `grant_types`
    package let grantTypes: Set<GrantType>
    /// `scope`: what it may ask for, and what it gets when it asks for nothing.
    package let scope: Scope
    /// `resources`: the audiences that it may name (RFC 8707); the first is the default.
    package let resources: [Audience]
    /// `access_token_lifetime`; nil takes the service's.
    package let accessTokenLifetime: Duration?
    /// `access_token_reuse`; nil takes the service's, zero is off.
    package let accessTokenReuse: Duration?
    /// `refresh_tokens_not_before`, its own or that of all clients, whichever is later: refresh tokens that go back to an
    /// earlier moment are void.
    package let refreshTokensNotBefore: NumericDate?
    /// `introspect`: the tokens that it may introspect.
    package let introspection: IntrospectionPermission
    /// `claims`, as ``JSONWriter/members(of:)`` writes members.
    let claims: [UInt8]

    /// A registration; what is not given has the default of `clients.yaml`.
    ///
    /// - Parameters:
    ///   - accessTokenLifetime: in whole seconds; `nil` takes the service's.
    ///   - accessTokenReuse: in whole seconds; `nil` takes the service's, zero is off.
    /// - Throws: if a claim has a registered name.
    public init(
        id: ClientID, name: String? = nil, secrets: [ClientSecret], keys: ClientKeys? = nil,
        authenticationMethod: TokenEndpointAuthenticationMethod? = nil,
        grantTypes: Set<GrantType> = [.clientCredentials], scope: Scope = .empty, resources: [Audience] = [],
        accessTokenLifetime: Duration? = nil, accessTokenReuse: Duration? = nil,
        refreshTokensNotBefore: NumericDate? = nil,
        introspection: IntrospectionPermission = .none, claims: JSONObject = JSONObject()
    ) throws(InvalidValue) {
        guard claims.members.allSatisfy({ !AccessTokenClaims.registeredNames.contains($0.name) }) else {
            throw InvalidValue("would shadow a registered claim")
        }
        self.id = id
        self.name = name
        self.secrets = secrets
        self.keys = keys
        self.authenticationMethod = authenticationMethod
        self.grantTypes = grantTypes
        self.scope = scope
        self.resources = resources
        self.accessTokenLifetime = accessTokenLifetime
        self.accessTokenReuse = accessTokenReuse
        self.refreshTokensNotBefore = refreshTokensNotBefore
        self.introspection = introspection
        self.claims = JSONWriter.members(of: claims)
    }

    /// The audiences that its tokens may have, never empty: without `resources` that is the issuer, since a token must
    /// have one (RFC 9068 section 2.2). The caller itself is never one.
    func audiences(issuer: Issuer) -> [Audience] {
        resources.isEmpty ? [Audience(issuer)] : resources
    }

    /// Whether it may authenticate so.
    func accepts(_ method: TokenEndpointAuthenticationMethod) -> Bool {
        authenticationMethod.map { $0 == method } ?? true
    }

    /// The ways in which it can authenticate.
    package var authenticationMethods: [TokenEndpointAuthenticationMethod] {
        let possible =
            (secrets.isEmpty ? [] : [TokenEndpointAuthenticationMethod.clientSecretBasic, .clientSecretPost])
            + (keys == nil ? [] : [.privateKeyJWT])
        return possible.filter(accepts)
    }

    /// When the last of its secrets expires; `nil` for a client with a secret that does not expire, or without secrets.
    package var lastSecretEnd: NumericDate? {
        let ends = secrets.map(\.expiresAt)
        return ends.contains(nil) ? nil : ends.compactMap { $0 }.max()
    }
}

extension Client: Hashable {
    /// Compares by identity: a client that was registered anew is another one.
    public static func == (first: Client, second: Client) -> Bool { first === second }

    /// Of the identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// The keys that a client signs its assertions with, `jwks` or `jwks_uri` of RFC 7591 section 2.
public enum ClientKeys: Sendable {
    /// `jwks`: public keys in the file.
    case fixed(JWKSet)
    /// `jwks_uri`: the URL to fetch them from.
    case remote(url: String)
}

/// The grant types that a client may be allowed, with the names of RFC 7591 section 2.
public enum GrantType: String, Sendable, Hashable, CaseIterable {
    /// RFC 6749 section 4.4
    case clientCredentials = "client_credentials"
    /// RFC 6749 section 6
    case refreshToken = "refresh_token"

    /// - Throws: for a name that is none of these.
    package init(parsing text: String) throws(InvalidValue) {
        guard let grantType = GrantType(rawValue: text) else {
            throw InvalidValue("is neither client_credentials nor refresh_token")
        }
        self = grantType
    }
}

/// A way for a client to authenticate, with the names of RFC 7591 section 2.
public enum TokenEndpointAuthenticationMethod: String, Sendable, Hashable, CaseIterable {
    /// RFC 6749 section 2.3.1: in the `Authorization` field.
    case clientSecretBasic = "client_secret_basic"
    /// RFC 6749 section 2.3.1: in the body.
    case clientSecretPost = "client_secret_post"
    /// RFC 7523 section 2.2
    case privateKeyJWT = "private_key_jwt"
}

/// The tokens that a client may introspect: `introspect` of its registration.
public enum IntrospectionPermission: Sendable, Hashable {
    /// `false`: none.
    case none
    /// `true`: all, whatever their audience is.
    case all
    /// A list: those for one of these resource servers. The answer for others is that they are not active, as RFC 9701
    /// section 5 asks.
    case audiences([Audience])

    /// Whether the client may introspect a token with this audience.
    func covers(_ audience: [Audience]) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .audiences(let own): audience.contains(where: own.contains)
        }
    }
}
