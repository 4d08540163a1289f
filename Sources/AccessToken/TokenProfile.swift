import JOSE
import WireText

/// What a verifier expects of a token beside signature, issuer, audience and time.
public struct TokenProfile: Sendable {
    /// A value of `typ`.
    private enum HeaderType {
        case named(String)
        /// The header has no `typ`.
        case missing
    }

    /// The value that is accepted beside `at+jwt`; `nil` for none.
    private let otherType: HeaderType?
    /// Whether all claims of RFC 9068 section 2.2 must be there.
    private let requiresAllClaims: Bool
    /// The names of the claims that may have the scope; the first that is there counts.
    private let scopeClaims: [String]
    private let allowsScopeArray: Bool

    private init(_ otherType: HeaderType?, requiresAllClaims: Bool, scopeClaims: [String], allowsScopeArray: Bool) {
        self.otherType = otherType
        self.requiresAllClaims = requiresAllClaims
        self.scopeClaims = scopeClaims
        self.allowsScopeArray = allowsScopeArray
    }

    /// The access tokens of RFC 9068: `typ` is `at+jwt`, and `iss`, `sub`, `aud`, `exp`, `iat`, `jti` and `client_id` are
    /// there. `scope` is a string.
    public static let rfc9068 = TokenProfile(
        nil, requiresAllClaims: true, scopeClaims: ["scope"], allowsScopeArray: false)

    /// The same with the scope in a claim of another name.
    ///
    /// - Parameter scopeClaim: such as `scp`. Its value is a string or an array. If it is not there, `scope` counts.
    public static func rfc9068(scopeClaim: String) -> TokenProfile {
        TokenProfile(nil, requiresAllClaims: true, scopeClaims: [scopeClaim, "scope"], allowsScopeArray: true)
    }

    /// JWTs that are not of RFC 9068, such as those of Microsoft Entra ID, Keycloak, Google, GitHub Actions and Kubernetes,
    /// and tokens of Writ with `token_shape: { typ: JWT }`. `iss`, `aud` and `exp` must be there. `at+jwt` is accepted too.
    ///
    /// Such a type does not tell an access token from an ID token of the same issuer: use an audience that only access
    /// tokens have, or a check of one's own.
    ///
    /// - Parameters:
    ///   - type: the value that `typ` must have, in any case. With `nil` the header must have no `typ`, as that of
    ///     Kubernetes.
    ///   - scopeClaim: the claim with the scope. By default it is `scope`, or else `scp`. Its value is a string or an array.
    public static func jwt(type: String? = "JWT", scopeClaim: String? = nil) -> TokenProfile {
        TokenProfile(
            type.map(HeaderType.named) ?? .missing, requiresAllClaims: false,
            scopeClaims: scopeClaim.map { [$0, "scope"] } ?? ["scope", "scp"], allowsScopeArray: true)
    }

    /// The tokens that an issuer makes in a shape.
    package init(_ shape: AccessTokenShape) {
        self.init(
            shape.type == .accessToken ? nil : .named(shape.type.rawValue), requiresAllClaims: true,
            scopeClaims: shape.scopeClaims, allowsScopeArray: shape.scope == .array)
    }

    /// Whether a token with this header may be of the profile. RFC 9068 section 4: `at+jwt` is an access token, whatever
    /// else is expected.
    func accepts(_ header: JOSEHeader) -> Bool {
        if header.hasType(AccessTokenShape.HeaderType.accessToken.rawValue) { return true }
        return switch otherType {
        case .named(let name)?: header.hasType(name)
        case .missing?: header.type == nil
        case nil: false
        }
    }

    /// RFC 9068 section 2.2.
    func checkPresence(of claims: VerifiedClaims) throws(AccessTokenRejection) {
        guard requiresAllClaims else { return }
        if claims.subject == nil { throw .missingClaim("sub") }
        if claims.issuedAt == nil { throw .missingClaim("iat") }
        if claims.tokenID == nil { throw .missingClaim("jti") }
        if claims.clientID == nil { throw .missingClaim("client_id") }
    }

    /// The first that is there, of `client_id` and its counterparts of other issuers. One that is no identifier is skipped,
    /// unless it is that of RFC 9068.
    func readClientID(of claims: JSONObject) throws(AccessTokenRejection) -> ClientID? {
        if let text = claims["client_id"]?.string, let clientID = try? ClientID(text) { return clientID }
        if requiresAllClaims { throw .missingClaim("client_id") }
        for name in ["azp", "appid"] {
            if let text = claims[name]?.string, let clientID = try? ClientID(text) { return clientID }
        }
        return nil
    }

    /// A token without a scope has the empty one.
    ///
    /// - Throws: ``AccessTokenRejection/missingClaim(_:)`` if the claim is malformed. An array is malformed if the profile
    ///   has a string.
    func readScope(of claims: JSONObject) throws(AccessTokenRejection) -> Scope {
        for name in scopeClaims {
            if let value = claims[name] { return try scope(value, of: name) }
        }
        return .empty
    }

    private func scope(_ value: JSONValue, of name: String) throws(AccessTokenRejection) -> Scope {
        do throws(InvalidValue) {
            if let text = value.string { return try Scope(text) }
            guard allowsScopeArray, let elements = value.array else { throw InvalidValue("is no scope") }
            let tokens = elements.compactMap(\.string)
            guard tokens.count == elements.count else { throw InvalidValue("is no scope") }
            return try Scope(tokens: tokens)
        } catch {
            throw .missingClaim(name)
        }
    }
}
