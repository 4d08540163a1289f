import AccessToken
import JOSE
import OAuth

/// Reads one entry of `clients.yaml` and collects its problems.
struct ClientReader<Node: YAMLNode> {
    private let entry: Node
    private let members: [YAMLMember<Node>]
    private let file: FileLines
    private let settings: ClientsSettings
    private(set) var problems: [Problem] = []

    private static var memberNames: [String] {
        [
            "client_id", "client_name", "client_secrets", "jwks", "jwks_uri", "token_endpoint_auth_method",
            "grant_types", "scope", "resources", "access_token_lifetime", "access_token_reuse",
            "refresh_tokens_not_before",
            "introspect", "claims",
        ]
    }

    /// - Parameter settings: the settings of the file that apply to all clients.
    init(_ entry: Node, of file: FileLines, _ settings: ClientsSettings) {
        self.settings = settings
        self.entry = entry
        members = entry.members ?? []
        self.file = file
    }

    /// `client_id` as written; `nil` if it is missing or not a single value.
    var id: String? { member("client_id")?.text }

    /// Adds a problem at the member called `name`, or at the entry if it has no such member.
    mutating func note(_ name: String, _ message: String, hint: String? = nil) {
        problems.append(Problem(place(ofMember: name), "\(name) \(message)", hint: hint))
    }

    /// The place of the member called `name`, or of the entry if it has no such member.
    func place(ofMember name: String) -> Problem.Place {
        file.place((member(name) ?? entry).line)
    }

    /// - Returns: `nil` if the entry has a problem.
    mutating func read() -> Client? {
        guard entry.members != nil else {
            problems.append(Problem(file.place(entry.line), "a client is not a mapping of names to values"))
            return nil
        }
        checkNames()
        let id = value("client_id", ClientID.init)
        if member("client_id") == nil { note("client_id", "is missing") }
        let name = value("client_name") { text throws(InvalidValue) in text }
        let secrets = secrets()
        let keys = keys()
        let method = value("token_endpoint_auth_method", Self.authenticationMethod)
        checkCredentials(method)
        let grantTypes = list("grant_types", GrantType.init(parsing:))
        let scope = value("scope", Scope.init)
        let resources = list("resources", Self.resource)
        let lifetime = value("access_token_lifetime", DurationText.parseAccessTokenLifetime)
        let reuse = value("access_token_reuse", DurationText.parseAccessTokenReuse)
        let notBefore = value("refresh_tokens_not_before", NumericDate.init(rfc3339:))
        let introspection = introspection()
        checkRoom(scope, resources, grantTypes)
        let claims = claims()
        guard let id, problems.isEmpty else { return nil }
        do throws(InvalidValue) {
            return try Client(
                id: id, name: name, secrets: secrets, keys: keys, authenticationMethod: method,
                grantTypes: grantTypes.map { Set($0) } ?? [.clientCredentials], scope: scope ?? .empty,
                resources: resources ?? [], accessTokenLifetime: lifetime, accessTokenReuse: reuse,
                refreshTokensNotBefore: [notBefore, settings.refreshTokensNotBefore].compactMap { $0 }.max(),
                introspection: introspection, claims: claims)
        } catch {
            note("claims", error.description)
            return nil
        }
    }

    private mutating func checkNames() {
        var seen: Set<String> = []
        for member in members {
            let name = member.name ?? ""
            if !seen.insert(name).inserted {
                problems.append(Problem(file.place(member.line), "\(name) is set twice"))
            }
            guard !Self.memberNames.contains(name) else { continue }
            let nearest = NearestName.of(name, among: Self.memberNames.sorted())
            problems.append(
                Problem(file.place(member.line), "unknown key \(name)", hint: nearest.map { "did you mean \($0)?" }))
        }
    }

    private func member(_ name: String) -> Node? {
        members.first { $0.name == name }?.value
    }

    /// The parsed value of a member that is a single value; `nil` if it is absent, or invalid and reported.
    private mutating func value<Value>(
        _ name: String, _ parse: (String) throws(InvalidValue) -> Value
    ) -> Value? {
        guard let node = member(name) else { return nil }
        guard let text = node.text else {
            note(name, "is not a single value")
            return nil
        }
        do throws(InvalidValue) { return try parse(text) } catch {
            note(name, error.description)
            return nil
        }
    }

    /// The parsed elements of a member that is a list; `nil` if it is absent, or no list and reported. An invalid
    /// element is skipped and reported.
    private mutating func list<Value>(
        _ name: String, _ parse: (String) throws(InvalidValue) -> Value
    ) -> [Value]? {
        guard let node = member(name) else { return nil }
        guard let elements = node.elements else {
            note(name, "is not a list", hint: "\(name): [one, another]")
            return nil
        }
        var values: [Value] = []
        for element in elements {
            do throws(InvalidValue) {
                guard let text = element.text else { throw InvalidValue("is not text") }
                values.append(try parse(text))
            } catch {
                problems.append(Problem(file.place(element.line), "\(name): an element \(error)"))
            }
        }
        return values
    }

    private mutating func secrets() -> [ClientSecret] {
        guard let node = member("client_secrets") else { return [] }
        guard let entries = node.elements, !entries.isEmpty else {
            note("client_secrets", "is not a list of at least one secret")
            return []
        }
        return entries.compactMap { secret($0) }
    }

    /// A refresh token contains the scope and the resources, and a request must have room for it.
    private mutating func checkRoom(_ scope: Scope?, _ resources: [Audience]?, _ grantTypes: [GrantType]?) {
        let size = (resources ?? []).reduce(scope?.description.utf8.count ?? 0) { $0 + $1.description.utf8.count + 2 }
        guard grantTypes?.contains(.refreshToken) == true, size > RefreshToken.maximumContentSize else { return }
        note("scope", "and resources are too long for refresh tokens: over \(RefreshToken.maximumContentSize) octets")
    }

    /// A client has the credentials that its method needs, and none that the method cannot use.
    private mutating func checkCredentials(_ method: TokenEndpointAuthenticationMethod?) {
        let hasSecrets = member("client_secrets") != nil
        let hasKeys = member("jwks") != nil || member("jwks_uri") != nil
        switch method {
        case nil where !hasSecrets && !hasKeys:
            let hint = "`writ clients add` adds a client with the hash of its secret; keys belong in jwks or jwks_uri"
            note("client_secrets", "is missing", hint: hint)
        case .privateKeyJWT where !hasKeys: note("token_endpoint_auth_method", "needs jwks or jwks_uri")
        case .privateKeyJWT where hasSecrets: note("client_secrets", "cannot be used with private_key_jwt")
        case .clientSecretBasic where !hasSecrets, .clientSecretPost where !hasSecrets:
            note("token_endpoint_auth_method", "needs client_secrets")
        case .clientSecretBasic where hasKeys, .clientSecretPost where hasKeys:
            note(member("jwks") != nil ? "jwks" : "jwks_uri", "cannot be used with \(method?.rawValue ?? "")")
        default: break
        }
    }

    /// `jwks` or `jwks_uri`: RFC 7591 section 2 forbids both.
    private mutating func keys() -> ClientKeys? {
        if member("jwks") != nil, member("jwks_uri") != nil { note("jwks_uri", "cannot be combined with jwks") }
        if let url = value("jwks_uri", Self.keysURL) { return .remote(url: url) }
        guard let node = member("jwks") else { return nil }
        guard let set = (try? JSONValue(node))?.object?["keys"]?.array, !set.isEmpty else {
            note("jwks", "is not a JWK Set", hint: "jwks: {keys: [{kty: EC, crv: P-256, x: ..., y: ...}]}")
            return nil
        }
        var keys: [JWK] = []
        for member in set {
            do throws(ClientKeyError) { keys.append(try ClientKeyError.key(member)) } catch {
                note("jwks", "has a key that cannot be used: \(error)")
            }
        }
        return .fixed(JWKSet(keys))
    }

    private static func keysURL(_ text: String) throws(InvalidValue) -> String {
        guard TransportSecurity.isAcceptable(text) else {
            throw InvalidValue("is neither https nor http on a loopback host")
        }
        return text
    }

    private mutating func secret(_ node: Node) -> ClientSecret? {
        guard let members = node.members else {
            problems.append(Problem(file.place(node.line), "a secret is not a mapping", hint: "- hash: \"sha256:...\""))
            return nil
        }
        for member in members where member.name != "hash" && member.name != "expires_at" {
            problems.append(
                Problem(file.place(member.line), "unknown key in a secret", hint: "a secret has hash and expires_at"))
        }
        let expiry = expiry(of: node, members)
        do throws(InvalidValue) {
            guard let hash = members.first(where: { $0.name == "hash" })?.value.text else {
                throw InvalidValue("hash is missing")
            }
            return ClientSecret(hash: try ClientSecretHash(parsing: hash), expiresAt: expiry)
        } catch {
            problems.append(Problem(file.place(node.line), "a secret: \(error)"))
            return nil
        }
    }

    private mutating func expiry(of secret: Node, _ members: [YAMLMember<Node>]) -> NumericDate? {
        guard let member = members.first(where: { $0.name == "expires_at" }) else { return nil }
        do throws(InvalidValue) { return try NumericDate(rfc3339: member.value.text ?? "") } catch {
            problems.append(Problem(file.place(secret.line), "a secret: expires_at \(error)"))
            return nil
        }
    }

    private mutating func claims() -> JSONObject {
        guard let node = member("claims") else { return JSONObject() }
        guard let claims = (try? JSONValue(node))?.object else {
            note("claims", "is not a mapping that JSON can express: unique names, numbers of 64 bits at most")
            return JSONObject()
        }
        for claim in claims.members where AccessTokenClaims.registeredNames.contains(claim.name) {
            note("claims", "would shadow the registered claim \(claim.name)")
        }
        return claims
    }

    private static func authenticationMethod(
        _ text: String
    ) throws(InvalidValue) -> TokenEndpointAuthenticationMethod {
        guard let method = TokenEndpointAuthenticationMethod(rawValue: text) else {
            throw InvalidValue("is not one of client_secret_basic, client_secret_post and private_key_jwt")
        }
        return method
    }

    /// `true`, `false`, or a list of audiences.
    private mutating func introspection() -> IntrospectionPermission {
        if member("introspect")?.elements != nil { return .audiences(list("introspect", Self.resource) ?? []) }
        return value("introspect") { (text) throws(InvalidValue) in
            guard text == "true" || text == "false" else {
                throw InvalidValue("is neither true nor false, nor a list of audiences")
            }
            return text == "true" ? .all : .none
        } ?? .none
    }

    private static func resource(_ text: String) throws(InvalidValue) -> Audience {
        try Audience(text)
    }

}

/// The result of reading one entry of `clients.yaml`.
struct ClientEntry: Sendable {
    /// `nil` if the entry has a problem.
    let client: Client?
    /// `client_id` as written, even if another member is invalid.
    let id: String?
    /// The place of `client_id`, or of the entry if it has none.
    let place: Problem.Place
    let problems: [Problem]

    init(_ entry: some YAMLNode, of file: FileLines, _ settings: ClientsSettings) {
        var reader = ClientReader(entry, of: file, settings)
        client = reader.read()
        id = reader.id
        place = reader.place(ofMember: "client_id")
        problems = reader.problems
    }
}
