import AccessToken
import JOSE
import LiveState
package import Logging
import OAuth
import ServiceFiles

/// A summary of what the service serves, as text and as log metadata.
package struct ServiceSummary: Sendable {
    /// A fact with its name in the log and its title in the text.
    private struct Fact {
        let name: String
        let title: String
        let text: String

        init(_ name: String, _ title: String, _ text: String) {
            self.name = name
            self.title = title
            self.text = text
        }
    }

    private var facts: [Fact]

    init(_ configuration: ServiceConfiguration, _ snapshot: Snapshot, signingKey: SigningKey, memory: MemoryProtection)
    {
        let origin = configuration.issuer.origin
        let endpoints = configuration.endpoints
        facts = [
            Fact("issuer", "issuer", configuration.issuer.description),
            Fact("token_endpoint", "token endpoint", origin + endpoints.token),
            Fact("introspection_endpoint", "introspection", origin + endpoints.introspection),
            Fact("jwks_uri", "key set", origin + endpoints.keySet),
            Fact("listen", "listens on", configuration.listen.description),
            Fact("tls", "speaks", Self.transport(configuration.tls)),
            Fact("management", "management", configuration.management?.description ?? "off"),
            Fact("algorithm", "signs", configuration.algorithm.name),
            Fact("kid", "with key", signingKey.keyID),
            Fact("keys", "keys", Self.count(snapshot.keys.map(\.state))),
            Fact("clients", "clients", String(snapshot.clients.count)),
            Fact("access_token_lifetime", "access tokens", DurationText.format(configuration.accessTokenLifetime)),
            Fact("access_token_reuse", "reused", Self.reuse(configuration.accessTokenReuse)),
            Fact("refresh_token_lifetime", "refresh tokens", DurationText.format(configuration.refreshTokenLifetime)),
            Fact(
                "queue_wait", "signatures",
                "wait for \(DurationText.format(configuration.queueWait)) at most; what cannot be made in time gets 503"
            ),
            Fact("throttle", "failures", Self.throttle(configuration)),
            Fact("cores", "cores", String(AvailableCores.count)),
            Fact("memory", "memory", memory.text),
            Fact("drain_delay", "on SIGTERM", "keeps serving for \(DurationText.format(configuration.drainDelay))"),
        ]
        if configuration.console, let management = configuration.management {
            facts.append(Fact("console", "console", "http://\(management.local)/console"))
        }
        facts += Self.trusted(snapshot.identities)
        if let replay = configuration.replay {
            facts.append(Fact("replay", "used assertions", "are remembered at \(replay.url)"))
        }
    }

    private static func transport(_ tls: TLSTermination) -> String {
        switch tls {
        case .none: "http"
        case .upstream: "http, behind a proxy that ends TLS"
        case .here: "https (TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2)"
        }
    }

    private static func reuse(_ duration: Duration) -> String {
        duration == .zero
            ? "never, unless a client's access_token_reuse says so" : "for \(DurationText.format(duration))"
    }

    private static func count(_ states: [KeySchedule.State]) -> String {
        let published = states.count { $0 != .expired }
        return "\(published) published, of which \(states.count { $0 == .next }) will sign later"
    }

    /// Most services trust no issuer but themselves.
    private static func trusted(_ identities: IdentityRegistry) -> [Fact] {
        let names = identities.all.map(\.name).sorted()
        return names.isEmpty ? [] : [Fact("trusted_issuers", "trusts", names.joined(separator: ", "))]
    }

    private static func throttle(_ configuration: ServiceConfiguration) -> String {
        let limits = configuration.throttle
        func text(_ limit: Int?) -> String { limit.map(String.init) ?? "any number" }
        return
            "\(text(limits.failures)) of a client from one address, \(text(limits.addressFailures)) from one address, "
            + "in \(DurationText.format(limits.window))"
    }

    /// A human-readable description: a line for each fact, aligned.
    package var text: String {
        let width = facts.map(\.title.count).max() ?? 0
        return facts.map { fact in
            fact.title + String(repeating: " ", count: width + 2 - fact.title.count) + fact.text
        }.joined(separator: "\n")
    }

    /// The same facts as log metadata.
    package var metadata: Logger.Metadata {
        Dictionary(uniqueKeysWithValues: facts.map { ($0.name, "\($0.text)") })
    }
}
