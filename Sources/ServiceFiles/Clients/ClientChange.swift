package import AccessToken
import JOSE
package import OAuth

/// A change of one client's entry.
package enum ClientChange: Sendable {
    case name(String?)
    case scope(Scope)
    case addScope(Scope)
    case removeScope(Scope)
    case resources([Audience])
    case audiences([Audience])
    case grantTypes([GrantType])
    /// `nil` for the lifetime of the service.
    case accessTokenLifetime(Duration?)
    /// `nil` for any number.
    case requestsPerMinute(Int?)
    case requiresProof(Bool)
    case bindsAccessTokens(Bool)
    case mayIntrospect(Bool)
    /// Replaces all credentials.
    case credential(NewClient.Credential)
    /// Gives out no token to the client, and revokes those that it has.
    case disable
    case enable
}

extension ClientChange {
    /// The members of the entry that change.
    ///
    /// - Parameters:
    ///   - client: the client as it is; `nil` if its entry does not check.
    ///   - moments: the moments of its entry.
    func members(
        of client: Client?, _ moments: TokensNotBefore, now: NumericDate
    ) throws(ClientsFileEditError) -> [MemberText] {
        switch self {
        case .name(let name): [MemberText(name: "client_name", value: name.map { YAMLScalar.write($0) })]
        case .scope(let scope): [Self.member(scope)]
        case .addScope(let added): [Self.member(try (client?.scope ?? .empty).with(added))]
        case .removeScope(let removed): [Self.member((client?.scope ?? .empty).without(removed))]
        case .resources(let resources): [Self.member("resources", resources.map(\.description))]
        case .audiences(let audiences): [Self.member("audiences", audiences.map(\.description))]
        case .grantTypes(let types):
            [Self.member("grant_types", types == [.clientCredentials] ? [] : types.map(\.rawValue))]
        case .accessTokenLifetime(let lifetime):
            [MemberText(name: "access_token_lifetime", value: lifetime.map { DurationText.format($0) })]
        case .requestsPerMinute(let limit):
            [MemberText(name: "requests_per_minute", value: limit.map { String($0) })]
        case .requiresProof(let isOn): [Self.member("dpop_bound_access_tokens", isOn)]
        case .bindsAccessTokens(let isOn): [Self.member("tls_client_certificate_bound_access_tokens", isOn)]
        case .mayIntrospect(let isOn): [Self.member("introspect", isOn)]
        case .credential(let credential): Self.replacing(credential)
        case .disable:
            [Self.member(Self.disabledName, true)] + (try moments.adding(now + .seconds(1), now: now)).members
        case .enable: [Self.member(Self.disabledName, false)]
        }
    }

    /// Whether it says only whether the client gets tokens.
    var isSwitch: Bool {
        switch self {
        case .disable, .enable: true
        default: false
        }
    }

    /// `disabled`
    static let disabledName = "disabled"

    private static func member(_ name: String, _ isOn: Bool) -> MemberText {
        MemberText(name: name, value: isOn ? "true" : nil)
    }

    private static func member(_ scope: Scope) -> MemberText {
        MemberText(name: "scope", value: scope.tokens.isEmpty ? nil : YAMLScalar.write(scope.description))
    }

    private static func member(_ name: String, _ texts: [String]) -> MemberText {
        MemberText(
            name: name, value: texts.isEmpty ? nil : "[\(texts.map { YAMLScalar.write($0) }.joined(separator: ", "))]")
    }

    /// The members of a credential, and no other ones.
    private static func replacing(_ credential: NewClient.Credential) -> [MemberText] {
        let members = credential.members
        let names =
            [
                "token_endpoint_auth_method", "client_secrets", "jwks", "jwks_uri", "ca_file", "identities",
            ] + CertificateSubject.Form.allCases.map(\.rawValue)
        return names.map { name in members.first { $0.name == name } ?? MemberText(name: name, value: nil) }
    }
}

extension Scope {
    fileprivate func with(_ other: Scope) throws(ClientsFileEditError) -> Scope {
        do throws(InvalidValue) { return try Scope(tokens: tokens + other.tokens) } catch { throw .unusualLayout }
    }

    fileprivate func without(_ other: Scope) -> Scope {
        let rest = tokens.filter { !other.contains($0) }
        return (try? Scope(tokens: rest)) ?? .empty
    }
}
