import AccessToken
import JOSE
import OAuth
import WireText

/// Reads one entry of `clients.yaml` and collects its problems.
struct ClientReader<Node: YAMLNode>: EntryReader {
    let entry: Node
    let members: [YAMLMember<Node>]
    let file: FileLines
    let settings: ClientsSettings
    var problems: [Problem] = []
    var warnings: [Problem] = []
    /// The moments of the entry itself.
    private(set) var notBefore = TokensNotBefore()
    /// `disabled`
    private(set) var isDisabled = false

    static var memberNames: [String] {
        [
            "client_id", "client_name", ClientChange.disabledName, "client_secrets", "jwks", "jwks_uri", "ca_file",
            "client_assertion",
            "identities", "claims_from_identity",
            "tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri",
            "tls_client_auth_san_ip", "tls_client_auth_san_email", "tls_client_certificate_bound_access_tokens",
            "token_endpoint_auth_method", "grant_types", "scope", "resources", "audiences",
            "access_token_lifetime", "access_token_reuse", "requests_per_minute",
            ClientsSettings.accessTokensName, ClientsSettings.refreshTokensName, "status_index",
            "access_token_status_list", "dpop_bound_access_tokens",
            "introspect", "claims", "token_shape",
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

    /// - Returns: `nil` if the entry has a problem.
    mutating func read() -> Client? {
        guard entry.members != nil else {
            problems.append(Problem(file.place(entry.line), "a client is not a mapping of names to values"))
            return nil
        }
        problems = YAMLForm.problems(in: entry, of: file)
        guard problems.isEmpty else { return nil }
        checkNames()
        let id = value("client_id", ClientID.init)
        if member("client_id") == nil { note("client_id", "is missing") }
        let name = value("client_name") { text throws(InvalidValue) in text }
        let secrets = secrets()
        let method = value("token_endpoint_auth_method", Self.authenticationMethod)
        // Those of a client with certificates verify no assertions.
        let keys = method == .selfSignedTLSClientAuth ? nil : keys()
        let assertionRules = assertionRules()
        let identities = identities()
        let certificates = certificateRules(method)
        checkCredentials(method)
        let grantTypes = list("grant_types", GrantType.init(parsing:))
        let scope = value("scope", Self.scope)
        let resources = list("resources", Audience.init(resource:))
        let audiences = list("audiences", Audience.init(name:))
        let lifetime = value("access_token_lifetime", DurationText.parseAccessTokenLifetime)
        let reuse = value("access_token_reuse", DurationText.parseAccessTokenReuse)
        let requestsPerMinute = value("requests_per_minute", Self.requestsPerMinute)
        notBefore = tokensNotBefore()
        isDisabled = value(ClientChange.disabledName, Self.bool) ?? false
        let statusIndex = value("status_index", StatusIndex.parse)
        let isInStatusLists = value("access_token_status_list", Self.bool) ?? true
        let requiresProof = value("dpop_bound_access_tokens", Self.bool) ?? false
        let introspection = introspection()
        check(
            method, keys, certificates, grantTypes.map { Set($0) } ?? [.clientCredentials],
            requiresProof: requiresProof, lifetime: lifetime)
        checkRoom(scope, (resources ?? []) + (audiences ?? []), grantTypes)
        let claims = claims()
        let shape = tokenShape(claims)
        let copiedClaims = copiedClaims(claims, shape ?? .standard)
        if let id { warnOfColon(in: id, secrets, method) }
        guard let id, problems.isEmpty else { return nil }
        do throws(InvalidValue) {
            let client = try Client(
                id: id, name: name, secrets: secrets, keys: keys, assertionRules: assertionRules,
                identities: identities, copiedClaims: copiedClaims, certificates: certificates,
                authenticationMethod: method,
                grantTypes: grantTypes.map { Set($0) } ?? [.clientCredentials], scope: scope ?? .empty,
                resources: resources ?? [], audiences: audiences ?? [], tokenShape: shape ?? .standard,
                accessTokenLifetime: lifetime, accessTokenReuse: reuse, requestsPerMinute: requestsPerMinute,
                notBefore: notBefore.union(settings.notBefore), statusIndex: statusIndex,
                isInStatusLists: isInStatusLists, requiresProof: requiresProof, introspection: introspection,
                claims: claims)
            warnOfWeakTokens(of: client)
            return client
        } catch {
            note("claims", error.description)
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
                guard let text = element.text, !element.isNull else { throw InvalidValue("is not text") }
                values.append(try parse(text))
            } catch {
                problems.append(Problem(file.place(element.line), "\(name): an element \(error)"))
            }
        }
        return values
    }

    /// A refresh token contains the scope and the audiences, and a request must have room for it.
    private mutating func checkRoom(_ scope: Scope?, _ audiences: [Audience], _ grantTypes: [GrantType]?) {
        let size = audiences.reduce(scope?.description.utf8.count ?? 0) { $0 + $1.description.utf8.count + 2 }
        guard grantTypes?.contains(.refreshToken) == true, size > RefreshToken.maximumContentSize else { return }
        note("scope", "and audiences are too long for refresh tokens: over \(RefreshToken.maximumContentSize) octets")
    }

    private static func authenticationMethod(
        _ text: String
    ) throws(InvalidValue) -> TokenEndpointAuthenticationMethod {
        guard let method = TokenEndpointAuthenticationMethod(rawValue: text) else {
            let names = TokenEndpointAuthenticationMethod.allCases.map(\.rawValue)
            throw InvalidValue(
                "is not one of", names: "\(names.dropLast().joined(separator: ", ")) and \(names.last ?? "")")
        }
        return method
    }

    /// `true`, `false`, or a list of audiences.
    private mutating func introspection() -> IntrospectionPermission {
        if member("introspect")?.elements != nil { return .audiences(list("introspect", Self.audience) ?? []) }
        return value("introspect") { (text) throws(InvalidValue) in
            guard let mayIntrospect = try? DurationText.parseSwitch(text) else {
                throw InvalidValue("is neither true nor false, nor a list of audiences")
            }
            return mayIntrospect ? .all : .none
        } ?? .none
    }

    static func bool(_ text: String) throws(InvalidValue) -> Bool {
        do throws(InvalidValue) { return try DurationText.parseSwitch(text) } catch {
            throw InvalidValue("is neither true nor false")
        }
    }

    private static func requestsPerMinute(_ text: String) throws(InvalidValue) -> Int {
        guard text.utf8.allSatisfy(ASCII.isDigit), let count = Int(text), Client.requestRates.contains(count) else {
            throw InvalidValue("is not a number from 1 to 1000000")
        }
        return count
    }

    private static func audience(_ text: String) throws(InvalidValue) -> Audience {
        try Audience(text)
    }

    private static func scope(_ text: String) throws(InvalidValue) -> Scope {
        guard !text.utf8.contains(UInt8(ascii: "\n")) else {
            throw InvalidValue("has a line end among its tokens: `scope: >-` makes one line of several")
        }
        return try Scope(text)
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
    /// The moments of the entry itself, as far as they can be read.
    let notBefore: TokensNotBefore
    /// `disabled`: whether the client gets no tokens, and those that it has are revoked.
    let isDisabled: Bool
    /// What counts of an entry that has a problem; `nil` for one that has none, or no identifier.
    let remains: ClientRemains?
    /// What does not keep the client from being used; empty if there is none.
    let warnings: [Problem]

    /// `client_id`; `nil` if it is missing or none.
    var clientID: ClientID? { id.flatMap { try? ClientID($0) } }

    init(_ entry: some YAMLNode, of file: FileLines, _ settings: ClientsSettings) {
        var reader = ClientReader(entry, of: file, settings)
        client = reader.read()
        id = reader.id
        place = reader.place(ofMember: "client_id")
        problems = reader.problems
        remains = client == nil ? reader.remains() : nil
        notBefore = remains?.notBefore ?? reader.notBefore
        isDisabled = remains?.isDisabled ?? reader.isDisabled
        warnings = client == nil ? [] : reader.warnings
    }
}
