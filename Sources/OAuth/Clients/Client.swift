public import AccessToken
public import JOSE
package import Libcrypto
import WireText

/// A registered client. Members that RFC 7591 section 2 defines have its names.
public final class Client: Sendable {
    /// `client_id`; also `sub` of its tokens (RFC 9068 section 2.2).
    package let id: ClientID
    /// `client_name`
    package let name: String?
    /// `client_secrets`: any that is current is accepted. Empty for a client that has keys only.
    package let secrets: [ClientSecret]
    /// `jwks` or `jwks_uri`; `nil` for a client that has secrets only.
    package let keys: ClientKeys?
    /// `client_assertion`: how its assertions may be used.
    package let assertionRules: ClientAssertionRules
    /// `identities`: those that platforms give it. Each is enough.
    package let identities: [ClientIdentity]
    /// `claims_from_identity`: what its access tokens have of the platform's token that it authenticated with.
    package let copiedClaims: [CopiedClaim]
    /// Its certificates, RFC 8705.
    package let certificates: ClientCertificateRules
    /// `token_endpoint_auth_method`; `nil` accepts every method that the client has a secret or keys for.
    package let authenticationMethod: TokenEndpointAuthenticationMethod?
    /// `grant_types`
    package let grantTypes: Set<GrantType>
    /// `scope`: the scope that the client may request, and that it gets if it requests none.
    package let scope: Scope
    /// `resources`: the URIs that the client may request as audiences (RFC 8707); the first is the default.
    package let resources: [Audience]
    /// `audiences`: names that the client may request as audiences, by the parameter `audience` alone. If there are no
    /// resources, the first is the default.
    package let audiences: [Audience]
    /// `token_shape`
    package let tokenShape: AccessTokenShape
    /// `access_token_lifetime`; `nil` for the service's.
    package let accessTokenLifetime: Duration?
    /// `access_token_reuse`; `nil` for the service's, zero for no reuse.
    package let accessTokenReuse: Duration?
    /// `requests_per_minute`: how many token requests the client may make; `nil` for any number.
    package let requestsPerMinute: Int?
    /// The limits that `requests_per_minute` can be.
    package static let requestRates = 1...1_000_000
    /// `access_tokens_not_before` and `refresh_tokens_not_before`, the client's own and those of all clients.
    package let notBefore: TokensNotBefore
    /// `status_index`; `nil` if its place follows from its identifier.
    package let statusIndex: Int?
    /// `access_token_status_list`: whether its access tokens name their status list if the service has any.
    package let isInStatusLists: Bool
    /// `dpop_bound_access_tokens`, RFC 9449 section 5.2: whether each token request needs a DPoP proof.
    package let requiresProof: Bool
    /// `introspect`: the tokens that the client may introspect.
    package let introspection: IntrospectionPermission
    /// `claims`, as ``JSONWriter/members(of:)`` writes members.
    let claims: [UInt8]
    /// `claims`
    package var staticClaims: JSONObject {
        (try? JSONReader.read([UInt8(ascii: "{")] + claims + [UInt8(ascii: "}")]))?.object ?? JSONObject()
    }

    /// A registration; what is not given has the default of `clients.yaml`.
    ///
    /// - Parameters:
    ///   - accessTokenLifetime: in whole seconds; `nil` takes the service's.
    ///   - accessTokenReuse: in whole seconds; `nil` takes the service's, zero is off.
    /// - Throws: if a claim has a registered name, or that of the claim with the scope.
    public convenience init(
        id: ClientID, name: String? = nil, secrets: [ClientSecret], keys: ClientKeys? = nil,
        assertionRules: ClientAssertionRules = .none,
        authenticationMethod: TokenEndpointAuthenticationMethod? = nil,
        grantTypes: Set<GrantType> = [.clientCredentials], scope: Scope = .empty, resources: [Audience] = [],
        audiences: [Audience] = [], tokenShape: AccessTokenShape = .standard, accessTokenLifetime: Duration? = nil,
        accessTokenReuse: Duration? = nil,
        introspection: IntrospectionPermission = .none, claims: JSONObject = JSONObject()
    ) throws(InvalidValue) {
        try self.init(
            id: id, name: name, secrets: secrets, keys: keys, assertionRules: assertionRules, identities: [],
            copiedClaims: [], authenticationMethod: authenticationMethod, grantTypes: grantTypes, scope: scope,
            resources: resources, audiences: audiences, tokenShape: tokenShape,
            accessTokenLifetime: accessTokenLifetime, accessTokenReuse: accessTokenReuse,
            introspection: introspection, claims: claims)
    }

    /// The same with identities that platforms give the client.
    ///
    /// - Throws: also if a copied claim has the name of one of `claims`, or that of another copy.
    package init(
        id: ClientID, name: String? = nil, secrets: [ClientSecret] = [], keys: ClientKeys? = nil,
        assertionRules: ClientAssertionRules = .none, identities: [ClientIdentity], copiedClaims: [CopiedClaim] = [],
        certificates: ClientCertificateRules = .none, authenticationMethod: TokenEndpointAuthenticationMethod? = nil,
        grantTypes: Set<GrantType> = [.clientCredentials], scope: Scope = .empty, resources: [Audience] = [],
        audiences: [Audience] = [], tokenShape: AccessTokenShape = .standard, accessTokenLifetime: Duration? = nil,
        accessTokenReuse: Duration? = nil, requestsPerMinute: Int? = nil,
        notBefore: TokensNotBefore = TokensNotBefore(), statusIndex: Int? = nil, isInStatusLists: Bool = true,
        requiresProof: Bool = false,
        introspection: IntrospectionPermission = .none, claims: JSONObject = JSONObject()
    ) throws(InvalidValue) {
        guard claims.members.allSatisfy({ !AccessTokenClaims.registeredNames.contains($0.name) }) else {
            throw InvalidValue("would shadow a registered claim")
        }
        guard claims[tokenShape.scopeClaim] == nil else { throw InvalidValue("would shadow the claim with the scope") }
        let names = copiedClaims.map { ExactText($0.name) }
        guard Set(names).count == names.count, !names.contains(ExactText(tokenShape.scopeClaim)),
            names.allSatisfy({ claims[$0.description] == nil })
        else { throw InvalidValue("would shadow a claim that is copied from the identity") }
        self.identities = identities
        self.copiedClaims = copiedClaims
        self.certificates = certificates
        self.id = id
        self.name = name
        self.secrets = secrets
        self.keys = keys
        self.assertionRules = assertionRules
        self.authenticationMethod = authenticationMethod
        self.grantTypes = grantTypes
        self.scope = scope
        self.resources = resources
        self.audiences = audiences
        self.tokenShape = tokenShape
        self.accessTokenLifetime = accessTokenLifetime
        self.accessTokenReuse = accessTokenReuse
        self.requestsPerMinute = requestsPerMinute
        self.notBefore = notBefore
        self.statusIndex = statusIndex
        self.isInStatusLists = isInStatusLists
        self.requiresProof = requiresProof
        self.introspection = introspection
        self.claims = JSONWriter.members(of: claims)
    }

    /// The same registration, whose tokens also end at these moments.
    package func revoking(_ others: TokensNotBefore) -> Client {
        let union = notBefore.union(others)
        return union == notBefore ? self : Client(self, notBefore: union)
    }

    private init(_ other: Client, notBefore: TokensNotBefore) {
        id = other.id
        name = other.name
        secrets = other.secrets
        keys = other.keys
        assertionRules = other.assertionRules
        identities = other.identities
        copiedClaims = other.copiedClaims
        certificates = other.certificates
        authenticationMethod = other.authenticationMethod
        grantTypes = other.grantTypes
        scope = other.scope
        resources = other.resources
        audiences = other.audiences
        tokenShape = other.tokenShape
        accessTokenLifetime = other.accessTokenLifetime
        accessTokenReuse = other.accessTokenReuse
        requestsPerMinute = other.requestsPerMinute
        self.notBefore = notBefore
        statusIndex = other.statusIndex
        isInStatusLists = other.isInStatusLists
        requiresProof = other.requiresProof
        introspection = other.introspection
        claims = other.claims
    }

    /// The audiences that the client's tokens may have, the default first. It is never empty: without `resources` and
    /// `audiences` that is the issuer, since a token must have an audience (RFC 9068 section 2.2). The client itself is an
    /// audience only if its registration says so.
    func allowedAudiences(issuer: Issuer) -> [Audience] {
        resources.isEmpty && audiences.isEmpty ? [Audience(issuer)] : resources + audiences
    }

    /// Whether the client itself is an audience of its tokens.
    package var isOwnAudience: Bool {
        (resources + audiences).contains { ExactText($0.description) == ExactText(id.description) }
    }

    /// Its place in the status lists.
    package func statusPlace() throws(LibcryptoError) -> Int { try StatusIndex.place(statusIndex, of: id) }

    /// Whether the client may authenticate by this method.
    func accepts(_ method: TokenEndpointAuthenticationMethod) -> Bool {
        authenticationMethod.map { $0 == method } ?? true
    }

    /// The methods by which the client can authenticate. Which of its identities are JWT-SVIDs is not known here, so that
    /// `spiffe_jwt` is among them only if it is the one method.
    package var authenticationMethods: [TokenEndpointAuthenticationMethod] {
        if let authenticationMethod, authenticationMethod.usesCertificate { return [authenticationMethod] }
        let possible =
            (secrets.isEmpty ? [] : [TokenEndpointAuthenticationMethod.clientSecretBasic, .clientSecretPost])
            + (keys == nil && identities.isEmpty ? [] : [.privateKeyJWT])
            + (identities.isEmpty || authenticationMethod == nil ? [] : [.spiffeJWT])
        return possible.filter(accepts)
    }

    /// Whether it has a credential that has not expired.
    package func hasCredential(at now: NumericDate) -> Bool {
        keys != nil || !identities.isEmpty || certificates.needsCertificate
            || secrets.contains { $0.isCurrent(at: now) }
    }

    /// When its last secret expires, if it has no keys and no identities; `nil` if it has, or a secret that does not expire.
    package var credentialEnd: NumericDate? { keys == nil && identities.isEmpty ? lastSecretEnd : nil }

    /// The time at which the last of its secrets expires; `nil` for a client with a secret that does not expire, or
    /// without secrets.
    package var lastSecretEnd: NumericDate? {
        let ends = secrets.map(\.expiresAt)
        return ends.contains(nil) ? nil : ends.compactMap { $0 }.max()
    }
}

extension Client: Hashable {
    /// Compares by identity: a client that is registered again is a different one.
    public static func == (first: Client, second: Client) -> Bool { first === second }

    /// Hashes the identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// The keys that a client signs its assertions with, `jwks` or `jwks_uri` of RFC 7591 section 2.
public enum ClientKeys: Sendable {
    /// `jwks`: public keys in the file.
    case fixed(JWKSet)
    /// `jwks_uri`: the URL to fetch them from.
    case remote(RemoteKeysLocation)
}

/// A `jwks_uri`, and the file with the certificate authorities that its server is trusted by.
public struct RemoteKeysLocation: Sendable, Hashable {
    /// https, or http on a loopback host.
    package let url: String
    /// `ca_file`, as a path; `nil` for those of the service.
    package let caFile: String?

    package init(url: String, caFile: String? = nil) {
        self.url = url
        self.caFile = caFile
    }
}

/// The tokens that a client may introspect: `introspect` of its registration.
public enum IntrospectionPermission: Sendable, Hashable {
    /// `false`: no tokens.
    case none
    /// `true`: all tokens, whatever their audience.
    case all
    /// A list: tokens for one of these resource servers. Other tokens are reported as inactive, as RFC 9701 section 5
    /// asks.
    case audiences([Audience])

    /// Whether the client may introspect a token with this audience.
    func covers(_ audience: [Audience]) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .audiences(let own): audience.contains { own.spelling(of: $0) != nil }
        }
    }
}
