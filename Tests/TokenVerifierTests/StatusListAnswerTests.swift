import AccessToken
import HTTPTypes
import Hummingbird
import JOSE
import LoopbackServer
import RemoteKeys
import Synchronization
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// What a list is, and how it is asked for.
@Suite struct StatusListAnswerTests {
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    private func token(_ number: Int) throws -> String { try StatusListServer(issuer).token(number) }

    @Test("A fetch of one's own that does not end is given up", .timeLimit(.minutes(1)))
    func endlessFetch() async throws {
        let rules = StatusListRules(
            .required, settings: FetchSettings(timeLimit: .milliseconds(10)), logger: .silent
        ) { _ in
            try await Task.sleep(for: .seconds(3600))
            return FetchedDocument([], maximumAge: .zero)
        }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules))
        await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.unreachable))) {
            try await verifier.verify(token(1))
        }
    }

    @Test("A list of 2^20 entries that cannot be compressed is read")
    func largeList() async throws {
        let issuer = issuer
        var generator = SeededGenerator(seed: 1)
        var list = StatusList(entryCount: 1 << 20)
        for index in 0..<1 << 20 where index != 1 && Bool.random(using: &generator) { list.set(index) }
        let content = StatusListToken(
            uri: StatusListServer.uri(1), issuedAt: .now, expiresAt: nil, timeToLive: nil, list: list)
        let answer = Array(try issuer.token(payload: content.json(), type: "statuslist+jwt").utf8)
        #expect(answer.count > 200_000)
        let rules = StatusListRules(.required) { _ in FetchedDocument(answer, maximumAge: .seconds(60)) }
        _ = try await issuer.verifier(rules: VerificationRules(statusLists: rules)).verify(token(1))
    }

    @Test("A list that is signed with a new key makes the keys be fetched again")
    func newKey() async throws {
        let next = try TestIssuer(keyID: "next")
        let both = JWKSet(issuer.keys.keys + next.keys.keys)
        let first = issuer.keys
        let fetches = Mutex(0)
        let keys = KeySource.fetching(named: "test", logger: .silent) {
            let count = fetches.withLock { count in
                count += 1
                return count
            }
            return FetchedDocument(count == 1 ? first : both, maximumAge: .seconds(600))
        }
        let server = StatusListServer(next)
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: keys,
            rules: VerificationRules(statusLists: server.rules()))
        _ = try await verifier.verify(token(1))
        #expect(fetches.withLock { $0 } == 2)
    }

    @Test("A list whose key is not in a set that cannot be fetched again is not known to be wrong")
    func newKeyInAnOutage() async throws {
        let next = try TestIssuer(keyID: "next")
        let first = issuer.keys
        let fetches = Mutex(0)
        let keys = KeySource.fetching(named: "test", logger: .silent) {
            let count = fetches.withLock { count in
                count += 1
                return count
            }
            guard count == 1 else { throw DocumentFetchError(.status(500)) }
            return FetchedDocument(first, maximumAge: .seconds(600))
        }
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: keys,
            rules: VerificationRules(statusLists: StatusListServer(next).rules()))
        await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.status(500)))) {
            try await verifier.verify(token(1))
        }
    }

    @Test("A list whose signature no key and no algorithm of the rules fits is none")
    func otherAlgorithm() async throws {
        let other = try TestIssuer(keyID: "other", algorithm: .es384)
        let keys = JWKSet(issuer.keys.keys + other.keys.keys)
        let verifier = AccessTokenVerifier(
            issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: .fixed(keys),
            rules: VerificationRules(algorithms: [.es256], statusLists: StatusListServer(other).rules()))
        await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.malformed, ""))) {
            try await verifier.verify(token(1))
        }
    }

    @Test("An access token of the issuer is no list", arguments: ["at+jwt", "JWT", nil] as [String?])
    func otherType(type: String?) async throws {
        let issuer = issuer
        let rules = StatusListRules(.required, logger: .silent) { uri in
            let list = StatusListToken(
                uri: uri, issuedAt: .now, expiresAt: nil, timeToLive: nil, list: StatusList(entryCount: 8))
            return FetchedDocument(
                Array(try issuer.token(payload: list.json(), type: type).utf8), maximumAge: .seconds(60))
        }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules))
        await #expect(throws: AccessTokenVerificationError.noStatusList(DocumentFetchError(.malformed, ""))) {
            try await verifier.verify(token(1))
        }
    }

    @Test("By default a list is fetched by GET with the media type of a Status List Token")
    func defaultFetch() async throws {
        let requests = Mutex<[String]>([])
        let answer = Mutex<[UInt8]>([])
        let router = Router()
        router.get("lists/1") { request, _ in
            requests.withLock { $0.append(request.headers[.accept] ?? "") }
            return Response(
                status: .ok, headers: [.contentType: "application/statuslist+jwt", .cacheControl: "max-age=30"],
                body: .init(byteBuffer: ByteBuffer(bytes: answer.withLock { $0 })))
        }
        try await LoopbackServer.serve(router) { origin in
            let issuer = try TestIssuer(origin)
            let uri = "\(origin)/lists/1"
            var list = StatusList(entryCount: 1 << 20)
            list.set(5)
            let content = StatusListToken(
                uri: uri, issuedAt: .now, expiresAt: .now + .seconds(600), timeToLive: .seconds(30), list: list)
            let token = try issuer.token(payload: content.json(), type: "statuslist+jwt")
            answer.withLock { $0 = Array(token.utf8) }
            let verifier = try issuer.verifier(rules: VerificationRules(statusLists: .required))
            func status(_ index: Int64) -> JSONValue { StatusListReference(index: index, uri: uri).json }
            _ = try await verifier.verify(issuer.token(claims: ["status": status(4)]))
            await #expect(throws: AccessTokenVerificationError.rejected(.revoked)) {
                try await verifier.verify(issuer.token(claims: ["status": status(5)]))
            }
        }
        #expect(requests.withLock { $0 } == ["application/statuslist+jwt"])
    }
}
