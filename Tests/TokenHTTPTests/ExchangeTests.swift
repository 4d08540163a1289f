import Foundation
import HTTPEdge
import NIOHTTP1
import OAuth
import ServiceFixture
import Testing
import TestSupport

@testable import Signing
@testable import TokenHTTP

@Suite struct ExchangeTests {
    @Test("RFC 6749 section 4.4, RFC 8414 and RFC 7517: the token endpoint and the documents answer as recorded")
    func ordinaryConfiguration() async throws {
        try await replay("token", on: ServiceFixture().tokenRouter())
        try await replay("documents", on: ServiceFixture().tokenRouter())
    }

    @Test("RFC 6749 section 6: requests with refresh tokens are answered as recorded")
    func refreshing() async throws {
        try await replay("refresh", on: ServiceFixture().tokenRouter())
    }

    @Test("RFC 7662 section 2: introspection requests are answered as recorded")
    func introspecting() async throws {
        try await replay("introspection", on: ServiceFixture().tokenRouter())
    }

    @Test("The token endpoint answers at the configured token_path")
    func legacyTokenPath() async throws {
        let text = "issuer: https://tokens.example.com\ntoken_path: /index.php\n"
        try await replay("legacy", on: ServiceFixture(configuration: text).tokenRouter())
    }

    @Test("RFC 8414 section 3.1: an issuer with a path is served at all of its well-known paths")
    func issuerWithAPath() async throws {
        try await replay(
            "path", on: ServiceFixture(configuration: "issuer: https://example.com/tenant\n").tokenRouter())
    }

    @Test("An authorization endpoint that refuses answers every request as recorded")
    func authorizationEndpoint() async throws {
        let text = "issuer: https://example.com/tenant\nauthorization_endpoint: refuse\n"
        try await replay("authorization", on: ServiceFixture(configuration: text).tokenRouter())
    }

    @Test("An overloaded service answers 503 with Retry-After")
    func overload() async throws {
        let queue = SigningQueue(.jobs(1))
        queue.close()
        try await replay("overload", on: ServiceFixture().tokenRouter(SignerPool(queue)))
    }

    @Test("A service whose signing key is in a place that fails answers 503 with Retry-After, at random times")
    func placeOfKeys() async throws {
        let fixture = try ServiceFixture.withRemoteKey()
        let place = FailingPlace()
        let remote = RemoteSigning(RemoteKeyStores([.pkcs11: place]), limit: 1, wait: .seconds(60))
        let signers = SignerPool(threadCount: 1, wait: .seconds(60), remote: remote)
        try await replay("place", on: fixture.tokenRouter(signers, retryDelay: { 3 }))
        #expect(place.callCount == 1)
    }

    @Test("RFC 7523 sections 2.1 and 2.2: the tokens of seven platforms get access tokens as recorded")
    func identities() async throws {
        try await replay("identities", on: IdentityExchange.fixture().tokenRouter(), IdentityExchange.tokens())
    }

    @Test("RFC 9449 section 5: requests with DPoP proofs are answered as recorded")
    func proofs() async throws {
        let fixture = try ServiceFixture()
        try fixture.addCourier()
        try await replay("dpop", on: fixture.tokenRouter())
    }

    @Test("RFC 9449 section 8: proofs without a good nonce get one, and so do all others")
    func nonces() async throws {
        let text = "issuer: https://tokens.example.com\ndpop: { nonce: on }\n"
        let fixture = try ServiceFixture(configuration: text)
        try fixture.addCourier()
        try await replay("dpop-nonce", on: fixture.tokenRouter())
    }

    /// Sends every request of a folder and compares the answers.
    private func replay(
        _ folder: String, on router: TokenRouter, _ identities: [String: String] = [:]
    ) async throws {
        let exchanges = try Exchange.all(
            folder, refreshTokens: RefreshTokenFixture.sealed(), identities: identities)
        #expect(!exchanges.isEmpty)
        for exchange in exchanges {
            let request = Request(
                exchange.method, exchange.target,
                fields: HTTPHeaders(exchange.request.fields.map { ($0.name, $0.value) }),
                body: exchange.request.body)
            compare(try await send(request, to: router.reply), with: exchange)
        }
    }

    private func compare(_ response: ReceivedResponse, with exchange: Exchange) {
        #expect("\(response.status)" == exchange.response.firstLine.prefix(3), "\(exchange.name)")
        for (name, value) in exchange.response.fields {
            #expect(response.fields.first(name: name) ?? "(absent)" == value, "\(exchange.name): \(name)")
        }
        let body = response.body.replacing(/writ_rt_[A-Za-z0-9_-]+/) { "{{refresh \($0.output.count)}}" }
        #expect(body == exchange.response.body, "\(exchange.name)")
    }
}
