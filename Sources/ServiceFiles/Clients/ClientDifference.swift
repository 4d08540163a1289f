package import AccessToken
import JOSE
import Libcrypto
package import OAuth

/// What an entry registers.
package struct ClientRegistration: Sendable {
    package let client: Client
    /// `disabled`
    package let isDisabled: Bool

    package init(_ client: Client, isDisabled: Bool = false) {
        self.client = client
        self.isDisabled = isDisabled
    }
}

/// How two registrations of one client differ in what its tokens are, or in how it gets them.
package struct ClientDifference: Sendable {
    package let id: ClientID
    package let kind: Kind
    /// What differs; empty for a client that is only in one of both.
    package let changes: [Change]

    package enum Kind: String, Sendable {
        case added
        case removed
        case changed
    }

    /// A member of the entry with what only one of both registrations has.
    package struct Change: Sendable, Equatable {
        package let name: String
        package let removed: [String]
        package let added: [String]
    }

    /// - Returns: `nil` if they do not differ.
    package init?(_ old: ClientRegistration?, _ new: ClientRegistration?) {
        switch (old, new) {
        case (nil, nil): return nil
        case (nil, let new?):
            (id, kind, changes) = (new.client.id, .added, new.attributes.compactMap { $0.change(from: []) })
        case (let old?, nil): (id, kind, changes) = (old.client.id, .removed, [])
        case (let old?, let new?):
            let pairs = zip(old.attributes, new.attributes)
            let changes = pairs.compactMap { $1.change(from: $0.values) }
            guard !changes.isEmpty else { return nil }
            (id, kind, self.changes) = (new.client.id, .changed, changes)
        }
    }

    /// The difference of a client whose entry does not check, and is enabled or disabled all the same.
    ///
    /// - Returns: `nil` if there is none.
    init?(_ id: ClientID, from wasDisabled: Bool, to isDisabled: Bool) {
        guard wasDisabled != isDisabled else { return nil }
        self.id = id
        kind = .changed
        changes = [
            Change(
                name: ClientChange.disabledName, removed: wasDisabled ? ["true"] : [], added: isDisabled ? ["true"] : []
            )
        ]
    }

    /// The clients that differ: first those of `new` in its order, then those that only `old` has.
    package static func all(from old: ClientsReading, to new: ClientsReading) -> [ClientDifference] {
        let former = Dictionary(
            old.registrations.map { ($0.client.id, $0) }, uniquingKeysWith: { first, _ in first })
        let present = Set(new.registrations.map(\.client.id))
        return new.registrations.compactMap { ClientDifference(former[$0.client.id], $0) }
            + old.registrations.filter { !present.contains($0.client.id) }.compactMap { ClientDifference($0, nil) }
    }
}

extension ClientsReading {
    /// What is registered, and what is disabled.
    fileprivate var registrations: [ClientRegistration] {
        clients.map { ClientRegistration($0) } + disabled.map { ClientRegistration($0, isDisabled: true) }
    }
}

extension ClientEntry {
    /// `nil` if the entry has a problem.
    var registration: ClientRegistration? { client.map { ClientRegistration($0, isDisabled: isDisabled) } }
}

/// A member of an entry as texts.
private struct ClientAttribute {
    let name: String
    let values: [String]

    func change(from former: [String]) -> ClientDifference.Change? {
        let removed = former.filter { text in !values.contains { $0 == text } }
        let added = values.filter { text in !former.contains { $0 == text } }
        guard removed.isEmpty, added.isEmpty else {
            return ClientDifference.Change(name: name, removed: removed, added: added)
        }
        // The first of a list may be the default.
        guard former != values else { return nil }
        return ClientDifference.Change(
            name: name, removed: [former.joined(separator: " ")], added: [values.joined(separator: " ")])
    }
}

extension ClientRegistration {
    /// In a fixed order. No secret and no hash is among the texts.
    fileprivate var attributes: [ClientAttribute] {
        [
            ("disabled", isDisabled ? ["true"] : []),
            ("client_name", [client.name].compactMap(\.self)),
            ("scope", client.scope.tokens.sorted()),
            ("resources", client.resources.map(\.description)),
            ("audiences", client.audiences.map(\.description)),
            ("grant_types", client.grantTypes.map(\.rawValue).sorted()),
            ("token_endpoint_auth_method", [client.authenticationMethod?.rawValue].compactMap(\.self)),
        ].map(ClientAttribute.init) + credentials.map(ClientAttribute.init) + tokens.map(ClientAttribute.init)
    }

    private var credentials: [(String, [String])] {
        [
            ("client_secrets", client.secrets.map(\.fingerprint)),
            ("jwks", keyIDs), ("jwks_uri", location),
            ("client_assertion", [client.assertionRules.text].compactMap(\.self)),
            ("identities", client.identities.map(\.description).sorted()),
            ("tls_client_auth", client.certificates.subject.map { ["\($0.form.rawValue)=\($0.text)"] } ?? []),
            ("certificates", client.certificates.registered.isEmpty ? [] : ["\(client.certificates.registered.count)"]),
        ]
    }

    private var tokens: [(String, [String])] {
        [
            ("access_token_lifetime", [client.accessTokenLifetime.map(DurationText.format)].compactMap(\.self)),
            ("access_token_reuse", [client.accessTokenReuse.map(DurationText.format)].compactMap(\.self)),
            ("requests_per_minute", [client.requestsPerMinute.map(String.init)].compactMap(\.self)),
            ("claims", client.staticClaims.members.map { "\($0.name)=\($0.value.jsonText)" }.sorted()),
            ("claims_from_identity", client.copiedClaims.map { "\($0.name)=\($0.path)" }.sorted()),
            ("token_shape", client.tokenShape == .standard ? [] : [client.tokenShape.text]),
            ("dpop_bound_access_tokens", client.requiresProof ? ["true"] : []),
            ("tls_client_certificate_bound_access_tokens", client.certificates.bindsAccessTokens ? ["true"] : []),
            ("introspect", client.introspection.texts),
            ("access_token_status_list", client.isInStatusLists ? [] : ["false"]),
            ("access_tokens_not_before", client.notBefore.accessTokens.moments.map(\.rfc3339)),
            ("refresh_tokens_not_before", client.notBefore.refreshTokens.moments.map(\.rfc3339)),
            ("status_index", [client.statusIndex.map(String.init)].compactMap(\.self)),
        ]
    }

    private var keyIDs: [String] {
        guard case .fixed(let keys) = client.keys else { return [] }
        return keys.keys.map { (try? $0.thumbprint()) ?? "" }
    }

    private var location: [String] {
        guard case .remote(let location) = client.keys else { return [] }
        return [location.url] + (location.caFile.map { ["with \($0)"] } ?? [])
    }
}

extension ClientSecret {
    /// What tells it from other secrets and reveals neither the secret nor its hash, and its end.
    fileprivate var fingerprint: String {
        let digest = (try? HashFunction.sha256.digest(of: hash.description.utf8.span)).map(Base64URL.encode) ?? ""
        return "\(digest.prefix(8)), \(expiresAt.map { "until \($0.rfc3339)" } ?? "no expiry")"
    }
}

extension IntrospectionPermission {
    /// `introspect` as texts; none if the client may introspect no tokens.
    package var texts: [String] {
        switch self {
        case .none: []
        case .all: ["true"]
        case .audiences(let audiences): audiences.map(\.description)
        }
    }
}

extension AccessTokenShape {
    /// In words.
    package var text: String { "typ \(type.rawValue), \(scopeClaim) as \(scope.rawValue)" }
}

extension ClientAssertionRules {
    /// `nil` for the rules of the service.
    fileprivate var text: String? {
        guard self != .none else { return nil }
        let lifetime = longestLifetime.map { "longest_lifetime \(DurationText.format($0))" }
        let use = isSingleUse.map { "single_use \($0)" }
        return [lifetime, use].compactMap(\.self).joined(separator: ", ")
    }
}
