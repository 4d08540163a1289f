import AccessToken
import Admission
import Foundation
import HTTPEdge
import JOSE
import Libcrypto
import NIOHTTP1
import OAuth
import PrometheusText
import ServiceFixture
import Synchronization
import Telemetry
import TestSupport
import Testing
import WireText

@testable import TokenHTTP

/// Tokens of platforms in requests: throttling, outages of an issuer, the log and the metrics.
@Suite struct IdentityRequestTests {
    private static let assertion = PlatformFixture.assertion
    private let platform: PlatformFixture
    private let clients: [Client]

    init() throws {
        platform = try PlatformFixture()
        let identity = try ClientIdentity(issuer: "a", subject: "pod")
        let secret = ClientSecret(hash: try ClientSecretHash(of: "right"))
        clients = [
            try Client(id: ClientID("pod"), identities: [identity]),
            try Client(id: ClientID("neighbour"), secrets: [secret]),
        ]
    }

    /// The refusal of a request; `nil` if its client is authenticated.
    private func refusal(
        _ body: String, _ authenticator: ClientAuthenticator, _ issuers: [TrustedIssuer]
    ) async throws -> TokenRefusal? {
        let registered = try platform.registered(clients, issuers)
        return try await PlatformFixture.refusal(of: body, by: authenticator) { registered }
    }

    @Test("A refused token counts against no client, neither the one that it names nor another at its address")
    func countsAgainstNobody() async throws {
        let (authenticator, issuers) = (try PlatformFixture.authenticator(), try platform.issuers())
        let foreign = Self.assertion + (try platform.token(subject: "other"))
        for _ in 0..<300 {
            for id in ["", "&client_id=pod", "&client_id=neighbour", "&client_id=nobody"] {
                #expect(try await refusal(foreign + id, authenticator, issuers)?.code == .invalidClient)
            }
        }
        let post = "grant_type=client_credentials&client_id=neighbour&client_secret="
        #expect(try await refusal(post + "wrong", authenticator, issuers)?.code == .invalidClient)
        #expect(try await refusal(post + "right", authenticator, issuers) == nil)
        #expect(try await refusal(Self.assertion + platform.token(), authenticator, issuers) == nil)
    }

    @Test("An issuer that is down is 503, never a failed attempt, whatever client the request names")
    func issuerIsDown() async throws {
        let events = Mutex<[String]>([])
        let keys = IssuerKeySets { event in events.withLock { $0.append("\(event.message)") } }
        let authenticator = try PlatformFixture.authenticator(issuerKeys: keys)
        // Nothing listens on this port.
        let issuers = try platform.issuers(.keySet(url: "http://127.0.0.1:1/keys"))
        for _ in 0..<20 {
            for id in ["", "&client_id=pod", "&client_id=removed"] {
                let body = Self.assertion + (try platform.token()) + id
                let refused = try #require(try await refusal(body, authenticator, issuers))
                #expect(refused.code == .issuerKeysUnavailable && refused.code.status == 503)
                #expect(refused.cause == .issuerKeysUnavailable && refused.retryAfter == 2)
                #expect(refused.identity == IdentityTrace(issuer: "a"))
            }
        }
        // One fetch in a second, and one line for each.
        let lines = events.withLock { $0 }
        #expect((1...30).contains(lines.count))
        #expect(lines.first?.contains("https://a.example (issuer a)") == true)
        let post = "grant_type=client_credentials&client_id=neighbour&client_secret=wrong"
        #expect(try await refusal(post, authenticator, issuers)?.code == .invalidClient)
    }

    @Test("Keys of an issuer that is not trusted any more are dropped")
    func dropsKeys() async throws {
        let keys = IssuerKeySets { _ in }
        let authenticator = try PlatformFixture.authenticator(issuerKeys: keys)
        for port in 1...3 {
            let issuers = try platform.issuers(.keySet(url: "http://127.0.0.1:\(port)/keys"))
            #expect(
                try await refusal(Self.assertion + platform.token(), authenticator, issuers)?.code
                    == .issuerKeysUnavailable)
        }
        #expect(keys.count == 1)
    }

    /// A fixture whose folder has an issuer and a client with an identity there.
    private func fixture(_ members: String = "") throws -> ServiceFixture {
        let fixture = try ServiceFixture()
        let set = platform.keys.json()
        try fixture.folder.write(String(decoding: set, as: UTF8.self), to: "keys.json")
        try fixture.folder.write(
            "issuers: [{ name: a, issuer: \"https://a.example\", jwks_file: keys.json\(members) }]\n",
            to: "issuers.yaml")
        try fixture.folder.write(
            fixture.folder.read("clients.yaml")
                + "  - client_id: pod\n    identities: [{ issuer: a, subject: pod }]\n    introspect: true\n",
            to: "clients.yaml")
        return fixture
    }

    private func post(_ path: String, _ body: String) -> Request {
        Request(.POST, path, fields: ["Content-Type": "application/x-www-form-urlencoded"], body: body)
    }

    @Test("The log has issuer, subject and the rule that matched, and the metrics count each issuer's outcomes")
    func eventsAndMetrics() async throws {
        let events = Mutex<[RequestEvent]>([])
        let metrics = ServiceMetrics()
        let router = try fixture().tokenRouter(report: { event in
            metrics.count(event)
            events.withLock { $0.append(event) }
        })
        let bodies = [
            Self.assertion + (try platform.token()), Self.assertion + (try platform.token(subject: "other\u{1B}[2J")),
            Self.assertion + (try platform.token(keyID: "k2")),
        ]
        for body in bodies { _ = try await send(post("/oauth2/token", body), to: router.reply) }
        let lines = try events.withLock { $0 }.map {
            try #require(try JSONReader.read(Array($0.description.utf8)).object)
        }
        #expect(lines.map { $0["identity_issuer"] } == Array(repeating: .string("a"), count: 3))
        #expect(lines.map { $0["identity_subject"] } == [.string("pod"), .string(#"other\x1b[2J"#), nil])
        #expect(lines.map { $0["identity"] } == [.string("issuer=a,subject=pod"), nil, nil])
        #expect(lines.map { $0["cause"] } == [nil, .string("no_matching_client"), .string("identity_no_such_key")])
        #expect(lines.map { $0["client_id"] } == [.string("pod"), nil, nil])
        let text = metrics.registry.text()
        for outcome in ["accepted", "no_matching_client", "identity_no_such_key"] {
            #expect(text.contains(#"writ_identity_requests_total{issuer="a",outcome="\#(outcome)"} 1"#))
        }
    }

    @Test("What fails beside the token is counted for its issuer too")
    func failuresOfTheService() async throws {
        let events = Mutex<[RequestEvent]>([])
        let metrics = ServiceMetrics()
        let full = try PlatformFixture.authenticator(used: ReplayCache(start: NumericDate(.min), capacity: 0))
        let router = try fixture(", single_use: true").tokenRouter(
            authenticator: full,
            report: { event in
                metrics.count(event)
                events.withLock { $0.append(event) }
            })
        let response = try await send(
            post("/oauth2/token", Self.assertion + platform.token(jti: "1")), to: router.reply)
        #expect(response.status == 503)
        let event = try #require(events.withLock { $0 }.first)
        #expect(event.refusal?.cause == .replayCacheFull && event.identity?.subject == "pod")
        let text = metrics.registry.text()
        #expect(text.contains(#"writ_identity_requests_total{issuer="a",outcome="replay_cache_full"} 1"#))
    }

    @Test("An identity authenticates its client at the introspection endpoint too")
    func introspection() async throws {
        let router = try fixture().tokenRouter()
        let body = (Self.assertion + (try platform.token())).replacing("grant_type=client_credentials", with: "token=x")
        let response = try await send(post("/oauth2/introspect", body), to: router.reply)
        #expect(response.status == 200)
        #expect(response.body == #"{"active":false}"#)
    }

    @Test("Issuers of which nothing was fetched have no samples but their number")
    func samples() throws {
        let registry = PrometheusRegistry()
        let (issuers, keys) = (try platform.issuers(), IssuerKeySets { _ in })
        registry.collect { IssuerSamples(issuers: issuers, keys: keys).add(to: &$0) }
        #expect(registry.text().contains("\nwrit_issuers 1\n"))
        #expect(!registry.text().contains("writ_issuer_keys"))
    }
}
