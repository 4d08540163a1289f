import JOSE
import WireText

/// The form of an access token: that of RFC 9068, or one that older resource servers expect.
public struct AccessTokenShape: Sendable, Hashable {
    /// `typ` of the header.
    public enum HeaderType: String, Sendable, CaseIterable {
        /// RFC 9068 section 2.1
        case accessToken = "at+jwt"
        /// RFC 7519 section 5.1: any JWT. It does not tell an access token from an ID token of the same issuer.
        case jwt = "JWT"
    }

    /// The value of the claim with the scope.
    public enum ScopeForm: String, Sendable, CaseIterable {
        /// Scope tokens with spaces between them, RFC 8693 section 4.2.
        case string
        /// A JSON array of scope tokens. A reader that expects one takes a string too.
        case array
    }

    /// `typ` of the header.
    public let type: HeaderType
    /// How the scope is written.
    public let scope: ScopeForm
    /// The name of the claim with the scope.
    public let scopeClaim: String

    /// RFC 9068: `at+jwt`, and `scope` as a string.
    public static let standard = AccessTokenShape(
        type: .accessToken, scope: .string, checkedScopeClaim: standardScopeClaim)

    private static let standardScopeClaim = "scope"

    /// - Parameter scopeClaim: `scope`, `scp`, or any name that is not registered for another claim.
    /// - Throws: for a name that cannot be that of the scope.
    public init(
        type: HeaderType = .accessToken, scope: ScopeForm = .string, scopeClaim: String = "scope"
    ) throws(InvalidValue) {
        try Self.checkScopeClaim(scopeClaim)
        self.init(type: type, scope: scope, checkedScopeClaim: scopeClaim)
    }

    private init(type: HeaderType, scope: ScopeForm, checkedScopeClaim: String) {
        self.type = type
        self.scope = scope
        scopeClaim = checkedScopeClaim
    }

    /// The members of an introspection answer that are no claims, RFC 7662 section 2.2.
    private static let membersOfIntrospection = ["active", "token_type", "username"]

    private static func checkScopeClaim(_ name: String) throws(InvalidValue) {
        guard !name.isEmpty else { throw InvalidValue("is empty") }
        guard name.utf8.count <= 256, Octets(name).isVisibleASCII else {
            throw InvalidValue("is not a name of at most 256 characters of visible ASCII")
        }
        if name.isSameText(as: standardScopeClaim) { return }
        guard !AccessTokenClaims.registeredNames.contains(name) else {
            throw InvalidValue("is the name of a registered claim that is no scope")
        }
        guard !membersOfIntrospection.contains(where: name.isSameText(as:)) else {
            throw InvalidValue("is the name of a member of introspection answers")
        }
    }

    /// The same, for reading a scope that may be a string or an array.
    package var withScopeInEitherForm: AccessTokenShape {
        AccessTokenShape(type: type, scope: .array, checkedScopeClaim: scopeClaim)
    }

    /// Compares the name of the claim octet for octet.
    public static func == (first: AccessTokenShape, second: AccessTokenShape) -> Bool {
        first.type == second.type && first.scope == second.scope && first.scopeClaim.isSameText(as: second.scopeClaim)
    }

    /// Hashes the octets of the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(scope)
        hasher.combine(ExactText(scopeClaim))
    }
}

extension AccessTokenShape {
    /// The claims that may have the scope: that of the shape, or else `scope`, which a token of RFC 9068 has.
    var scopeClaims: [String] {
        scopeClaim.isSameText(as: Self.standardScopeClaim) ? [scopeClaim] : [scopeClaim, Self.standardScopeClaim]
    }

    /// Writes the claim with the scope; nothing for an empty scope, which RFC 6749 section 3.3 does not know.
    func write(_ scope: Scope, to claims: inout JSONWriter) {
        guard !scope.tokens.isEmpty else { return }
        switch self.scope {
        case .string: claims.member(scopeClaim, scope.description)
        case .array: claims.member(scopeClaim, scope.tokens)
        }
    }
}
