package import AccessToken
import JOSE
import WireText

/// The trusted issuers with the identities of clients. It is immutable: a reload creates a new one.
///
/// It finds the client of a token without looking at every client: each identity is filed under the rarest of what it pins.
package final class IdentityRegistry: Sendable {
    /// A client with one of its identities.
    struct Rule: Sendable {
        let client: Client
        let identity: ClientIdentity
    }

    /// What one pinned claim is filed under.
    private struct Key: Hashable {
        /// `nil` for `sub`.
        let path: ClaimPath?
        let value: PinnedValue
    }

    /// The rules of one issuer.
    private struct Rules: Sendable {
        var byKey: [Key: [Rule]] = [:]
        /// The paths that rules are filed under.
        var paths: Set<ClaimPath> = []
    }

    /// The issuer identifier of the service.
    let service: Issuer
    private let clients: ClientRegistry
    /// By the octets of the identifier.
    private let issuers: [ExactText: TrustedIssuer]
    /// By the name of the issuer.
    private let rules: [String: Rules]

    /// - Parameter issuers: with different names and identifiers; of two with one identifier the first counts.
    package init(_ issuers: [TrustedIssuer], _ clients: ClientRegistry, of service: Issuer) {
        self.service = service
        self.clients = clients
        self.issuers = Dictionary(
            issuers.map { (ExactText($0.identifier), $0) }, uniquingKeysWith: { first, _ in first })
        var rules: [String: Rules] = [:]
        for issuer in issuers { rules[issuer.name] = Rules() }
        let all = clients.withIdentities.flatMap { client in
            client.identities.map { Rule(client: client, identity: $0) }
        }
        for (name, ofIssuer) in Dictionary(grouping: all, by: \.identity.issuer) {
            guard let issuer = issuers.first(where: { $0.name.isSameText(as: name) }) else { continue }
            rules[issuer.name] = Self.filed(ofIssuer.filter { issuer.accepts($0.identity) })
        }
        self.rules = rules
    }

    /// Every issuer, in no order.
    package var all: [TrustedIssuer] { Array(issuers.values) }

    private static func filed(_ rules: [Rule]) -> Rules {
        var counts: [Key: Int] = [:]
        for rule in rules {
            for keys in keys(of: rule.identity) { for key in keys { counts[key, default: 0] += 1 } }
        }
        var filed = Rules()
        for rule in rules {
            func count(_ keys: [Key]) -> Int { keys.reduce(0) { $0 + (counts[$1] ?? 0) } }
            // The one that gives a token the fewest rules to compare with.
            let rarest = keys(of: rule.identity).min { count($0) < count($1) } ?? []
            for key in Set(rarest) {
                filed.byKey[key, default: []].append(rule)
                if let path = key.path { filed.paths.insert(path) }
            }
        }
        return filed
    }

    /// For each claim that the identity pins, what it can be filed under.
    private static func keys(of identity: ClientIdentity) -> [[Key]] {
        let subject = identity.subject.map { [Key(path: nil, value: .text(ExactText($0)))] }
        return [subject].compactMap { $0 }
            + identity.claims.map { claim in
                claim.accepted.compactMap { PinnedValue($0) }.map { Key(path: claim.path, value: $0) }
            }
    }

    /// `nil` for an issuer that is not trusted. Identifiers are compared octet for octet.
    func issuer(_ identifier: String) -> TrustedIssuer? { issuers[ExactText(identifier)] }

    /// The rules that a token may match: a few, however many clients there are.
    func candidates(for token: PlatformToken, of issuer: TrustedIssuer) -> [Rule] {
        guard let rules = rules[issuer.name] else { return [] }
        var candidates = rules.byKey[Key(path: nil, value: .text(ExactText(token.subject)))] ?? []
        for path in rules.paths {
            guard let value = path.value(in: token.claims) else { continue }
            for key in Set(value.oneOrMore.compactMap { PinnedValue($0) }) {
                candidates += rules.byKey[Key(path: path, value: key)] ?? []
            }
        }
        return candidates
    }

    /// Identities of an issuer, of one client or of all, in the order of the file.
    ///
    /// - Parameter most: no more than that.
    func rules(of issuer: TrustedIssuer, client id: ClientID?, most: Int) -> [Rule] {
        let all = id.map { [clients[$0]].compactMap { $0 } } ?? clients.withIdentities
        var rules: [Rule] = []
        for client in all where rules.count < most {
            rules += client.identities.filter { issuer.accepts($0) }.map { Rule(client: client, identity: $0) }
        }
        return rules
    }

    /// The client that a token is of.
    ///
    /// - Parameter id: the client that the request names; `nil` if the token is to say it.
    func rule(for token: PlatformToken, of issuer: TrustedIssuer, named id: ClientID?) -> Result<Rule, RefusalCause> {
        if let id {
            guard let client = clients[id] else { return .failure(.unknownClient) }
            guard !client.identities.isEmpty else { return .failure(.wrongMethod) }
            guard let identity = client.identities.first(where: { issuer.accepts($0) && token.has($0) }) else {
                return .failure(.identityMismatch)
            }
            return .success(Rule(client: client, identity: identity))
        }
        let matching = candidates(for: token, of: issuer).filter { token.has($0.identity) }
        guard let first = matching.first else { return .failure(.noMatchingClient) }
        // RFC 7521 section 4.2 leaves the client to the assertion, which must not say two.
        guard matching.allSatisfy({ $0.client === first.client }) else { return .failure(.ambiguousIdentity) }
        return .success(first)
    }
}

extension PlatformToken {
    /// Whether everything that the identity pins matches.
    func has(_ identity: ClientIdentity) -> Bool { identity.mismatch(subject: subject, claims: claims) == nil }
}

extension TrustedIssuer {
    /// Whether the identity is one of this issuer. One that pins no owner, at an issuer that is shared, is none of it.
    func accepts(_ identity: ClientIdentity) -> Bool {
        identity.issuer.isSameText(as: name) && shared?.findings(about: identity).contains(.noOwner) != true
    }
}
