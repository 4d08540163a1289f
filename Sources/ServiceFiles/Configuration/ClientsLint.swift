package import AccessToken
import JOSE
import OAuth
import SystemPackage
import WireText

/// Reports what is insecure or useless in clients, though it checks.
package enum ClientsLint {
    /// One thing to look at.
    package struct Finding: Sendable {
        package let kind: Kind
        /// A fixed word that stands for the rule: `secret_without_expiry`.
        package let rule: String
        package let problem: Problem
    }

    package enum Kind: String, Sendable {
        /// It does not check, and is out.
        case invalid
        case insecure
        case useless
    }

    /// Reads the clients files and looks at each client.
    ///
    /// - Throws: if a single file, or the folder, cannot be read.
    package static func findings(
        _ configuration: ServiceConfiguration, issuers: IssuerNames, now: NumericDate
    ) throws(InvalidConfiguration) -> [Finding] {
        let context = configuration.clientsContext
        let reading = try configuration.clients.read(issuers: issuers, context: context, keepsEntries: true)
        var findings = reading.problems.map { Finding(kind: .invalid, rule: "invalid", problem: $0) }
        findings += reading.warnings.map { Finding(kind: .insecure, rule: "warning", problem: $0) }
        let files = reading.files.map(\.file)
        let rules = ClientRules(
            lifetime: configuration.accessTokenLifetime, retention: configuration.longestLifetimes, now: now)
        for file in files {
            findings += rules.findings(inSettingsOf: file)
            for entry in file.entries { findings += rules.findings(in: entry) }
        }
        return findings + SharedCredentials(files).findings
    }
}

/// The rules about one client.
private struct ClientRules {
    /// The lifetime of access tokens of clients without one of their own.
    let lifetime: Duration
    let retention: TokenLifetimes
    let now: NumericDate

    /// Access tokens that live longer are reported: what is stolen is good for so long.
    private static let longLifetime: Duration = .seconds(3600)

    func findings(in entry: ClientEntry) -> [ClientsLint.Finding] {
        guard let client = entry.client else { return [] }
        return secrets(client, entry) + tokens(client, entry) + uses(client, entry)
    }

    private func secrets(_ client: Client, _ entry: ClientEntry) -> [ClientsLint.Finding] {
        let expired = client.secrets.filter { !$0.isCurrent(at: now) }
        let unlimited = client.secrets.filter { $0.expiresAt == nil }
        let others = client.keys != nil || !client.identities.isEmpty
        return [
            unlimited.count > 1
                ? entry.finding(
                    .insecure, "several_secrets_without_expiry",
                    "has \(unlimited.count) secrets that do not expire: a rotation that was not finished",
                    hint: "give the older ones expires_at, or remove them") : nil,
            !expired.isEmpty
                ? entry.finding(
                    .useless, "expired_secret", "has \(expired.count) secrets that have expired",
                    hint: "`writ clients rotate-secret` drops them, or remove their lines") : nil,
            !client.secrets.isEmpty && others
                ? entry.finding(
                    .insecure, "secret_beside_better",
                    "has a secret beside keys or an identity: it is as safe as its weakest credential",
                    hint: "remove client_secrets when nothing uses them any more") : nil,
        ].compactMap(\.self)
    }

    private func tokens(_ client: Client, _ entry: ClientEntry) -> [ClientsLint.Finding] {
        let own = client.accessTokenLifetime ?? lifetime
        let isBound = client.requiresProof || client.certificates.bindsAccessTokens
        return [
            own > Self.longLifetime && !isBound
                ? entry.finding(
                    .insecure, "long_lifetime",
                    "gets bearer tokens that live \(DurationText.format(own)): a stolen one is good for so long",
                    hint: "access_token_lifetime: 15m, or dpop_bound_access_tokens: true") : nil,
            client.introspection == .all
                ? entry.finding(
                    .insecure, "introspects_everything", "may introspect the tokens of every resource server",
                    hint: "introspect: [the audiences of its own tokens]") : nil,
            client.grantTypes.contains(.refreshToken)
                ? entry.finding(
                    .useless, "refresh_token",
                    "gets refresh tokens, which a client with credentials does not need (RFC 6749 section 4.4.3)",
                    hint: "remove refresh_token from grant_types if the client can do without") : nil,
        ].compactMap(\.self)
    }

    private func uses(_ client: Client, _ entry: ClientEntry) -> [ClientsLint.Finding] {
        return [
            client.scope.tokens.isEmpty && client.introspection == .none
                ? entry.finding(
                    .useless, "no_scope", "has no scope and may not introspect: its tokens allow nothing by scope",
                    hint: "scope: what it may do") : nil,
            !client.hasCredential(at: now)
                ? entry.finding(
                    .useless, "no_credential", "has no credential that is still accepted",
                    hint: "`writ clients rotate-secret`")
                : nil,
            !client.copiedClaims.isEmpty && client.identities.isEmpty
                ? entry.finding(
                    .useless, "claims_without_identity", "has claims_from_identity and no identities",
                    hint: "remove claims_from_identity") : nil,
            entry.notBefore.accessTokens.isPast(by: retention.accessToken, now)
                ? entry.finding(
                    .useless, "old_moment", "has access_tokens_not_before for tokens that have all expired",
                    hint: "remove it") : nil,
        ].compactMap(\.self)
    }

    func findings(inSettingsOf file: ClientsFile) -> [ClientsLint.Finding] {
        let isUnused = file.entries.isEmpty && file.settings.removed.isEmpty
        let old = file.settings.removed.filter {
            $0.notBefore.isPast(by: max(retention.accessToken, retention.refreshToken), now)
        }
        let place = Problem.Place.file(file.path.string, line: nil)
        return [
            isUnused
                ? ClientsLint.Finding(
                    kind: .useless, rule: "empty_file", problem: Problem(place, "has no client")) : nil,
            !old.isEmpty
                ? ClientsLint.Finding(
                    kind: .useless, rule: "old_removal",
                    problem: Problem(
                        place, "has \(old.count) removed clients whose tokens have all expired",
                        hint: "the next `writ clients add` or `remove` drops them")) : nil,
        ].compactMap(\.self)
    }
}

/// Credentials that several clients have: who has one of these clients has the others.
private struct SharedCredentials {
    private(set) var findings: [ClientsLint.Finding] = []

    init(_ files: [ClientsFile]) {
        var owners: [ExactText: ClientID] = [:]
        for entry in files.flatMap(\.entries) {
            guard let client = entry.client else { continue }
            for credential in Self.credentials(of: client) {
                guard let owner = owners[credential], owner != client.id else {
                    owners[credential] = client.id
                    continue
                }
                findings += [
                    entry.finding(
                        .insecure, "shared_credential", "has a credential that \(owner) has too",
                        hint: "give each client its own")
                ].compactMap(\.self)
            }
        }
    }

    private static func credentials(of client: Client) -> Set<ExactText> {
        var texts = client.secrets.map(\.hash.description)
        if case .fixed(let keys) = client.keys { texts += keys.keys.compactMap { try? $0.thumbprint() } }
        return Set(texts.map { ExactText($0) })
    }
}

extension ClientEntry {
    /// - Returns: `nil` for an entry without an identifier.
    fileprivate func finding(
        _ kind: ClientsLint.Kind, _ rule: String, _ message: String, hint: String
    ) -> ClientsLint.Finding? {
        guard let clientID else { return nil }
        return ClientsLint.Finding(
            kind: kind, rule: rule, problem: Problem(place, "client \(clientID) \(message)", hint: hint))
    }
}

extension NotBefore {
    /// Whether it revokes only what has expired.
    fileprivate func isPast(by lifetime: Duration, _ now: NumericDate) -> Bool {
        self != .never && moments.allSatisfy { $0 + lifetime < now }
    }
}
