import AccessToken
import JOSE
import OAuth
import WireText

/// A client of another product in the terms of Writ, and what of it cannot be carried.
struct ClientDraft {
    /// The identifier as the export has it.
    let id: String
    var name: String?
    /// The hashes of the secrets, with their ends.
    private(set) var secrets: [ClientSecret] = []
    /// The members of a JWK Set.
    var keys: [JSONValue]?
    var keysURL: String?
    /// `nil` for any method that goes with the credentials.
    var method: TokenEndpointAuthenticationMethod?
    var subject: (form: CertificateSubject.Form, text: String)?
    var grantTypes: [GrantType] = [.clientCredentials]
    private(set) var scope: [String] = []
    private(set) var resources: [Audience] = []
    private(set) var audiences: [Audience] = []
    private(set) var lifetime: Duration?
    private(set) var claims = JSONObject()
    var shape = AccessTokenShape.standard
    var requiresProof = false
    var bindsAccessTokens = false

    /// Why it is no client for Writ, such as one with a login page; `nil` if it is one.
    var leftOut: String?
    /// Why it cannot be carried at all.
    private(set) var refusals: [String] = []
    /// What it loses.
    private(set) var losses: [String] = []
    /// What is not as it was, and can be lived with.
    private(set) var differences: [String] = []

    init(id: String) { self.id = id }

    mutating func refuse(_ reason: String) { refusals.append(reason) }

    mutating func lose(_ loss: String) { losses.append(loss) }

    mutating func note(_ difference: String) {
        if !differences.contains(where: difference.isSameText(as:)) { differences.append(difference) }
    }

    /// Adds a scope token.
    mutating func add(scopeToken: String) {
        guard (try? Scope(tokens: [scopeToken])) != nil else {
            return lose("the scope \(scopeToken): it has a character that RFC 6749 section 3.3 does not allow")
        }
        if !scope.contains(where: scopeToken.isSameText(as:)) { scope.append(scopeToken) }
    }

    /// Adds the tokens of a scope, however many spaces are between them.
    mutating func add(scope text: String) {
        for token in Octets(text).parts(between: " ") where !token.isEmpty { add(scopeToken: token.text) }
    }

    /// Adds an audience: a URI is a resource, and any other text a name.
    mutating func add(audience text: String) {
        if let resource = try? Audience(resource: text) {
            if !resources.contains(resource) { resources.append(resource) }
        } else if let name = try? Audience(name: text) {
            if !audiences.contains(name) { audiences.append(name) }
        } else {
            lose("the audience \(text): it is neither a URI without fragment nor a name without a colon")
        }
    }

    /// The audiences, those that are URIs first.
    var allAudiences: [Audience] { resources + audiences }

    /// Sets the lifetime of access tokens, in seconds. Zero is none.
    mutating func setLifetime(_ seconds: Int64) {
        guard seconds > 0 else { return }
        let longest: Int64 = 86400
        if seconds > longest {
            let text = DurationText.format(.seconds(seconds))
            lose("the lifetime of its access tokens, \(text): Writ's live 24h at most")
        }
        lifetime = .seconds(min(seconds, longest))
    }

    /// Adds a claim that every token of the client has.
    mutating func add(claim name: String, _ value: JSONValue) {
        guard !AccessTokenClaims.registeredNames.contains(name) else {
            return lose("the claim \(name): Writ sets it itself")
        }
        claims = claims.setting(name, to: value)
    }

    /// Adds a secret, which is hashed at once.
    ///
    /// - Parameter end: when it expires; `nil` if it does not.
    mutating func add(secret: String, end: NumericDate? = nil, now: NumericDate) {
        guard end.map({ now < $0 }) ?? true else { return lose("a secret that has expired") }
        if let hash = try? PasswordHash(parsing: secret) {
            secrets.append(ClientSecret(hash: .password(hash), expiresAt: end))
            return
        }
        if let kind = Self.kindOfForeignHash(secret) {
            return refuse("its secret is a hash of the kind \(kind), which Writ cannot check")
        }
        guard !Self.isMasked(secret) else { return refuse("the export has stars in place of its secret") }
        guard let hash = try? ClientSecretHash(of: secret) else { return refuse("its secret could not be hashed") }
        secrets.append(ClientSecret(hash: hash, expiresAt: end))
        if secret.utf8.count < Self.shortestSecret {
            note(
                "its secret has fewer than \(Self.shortestSecret) characters: give it one of `writ clients rotate-secret`"
            )
        }
    }

    /// Refuses the client if it has no secret, unless the reason is known.
    mutating func requireSecret() {
        if secrets.isEmpty, refusals.isEmpty { refuse("it has no secret that is valid") }
    }

    /// A shorter secret can be found by a search if its fast hash leaks.
    private static let shortestSecret = 20

    static func isMasked(_ secret: String) -> Bool { secret.utf8.allSatisfy { $0 == UInt8(ascii: "*") } }

    /// `argon2id` of `$argon2id$v=19$...`; `nil` for any other text.
    private static func kindOfForeignHash(_ secret: String) -> String? {
        let parts = Octets(secret).parts(between: "$")
        guard parts.count >= 4, parts[0].isEmpty, !parts[1].isEmpty, parts[1].count <= 32,
            parts[1].allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        return parts[1].text
    }
}
