import AccessToken
import JOSE
import OAuth
import RemoteKeys
import ServiceFixture
import Synchronization
import Telemetry
import Testing

@testable import TokenHTTP

/// Requests that wait for keys while the files change.
@Suite struct WaitingForKeysTests {
    private let platform: PlatformFixture

    init() throws { platform = try PlatformFixture() }

    /// A fetch that waits until it is let go.
    private final class HeldFetch: Sendable {
        private let begun = AsyncStream<Void>.makeStream()
        private let released = AsyncStream<Void>.makeStream()

        func fetch(_ keys: JWKSet) async -> FetchedDocument<JWKSet> {
            begun.continuation.yield()
            for await _ in released.stream { break }
            return FetchedDocument(keys, maximumAge: .seconds(300))
        }

        func waitUntilBegun() async { for await _ in begun.stream { break } }
        func release() { released.continuation.yield() }
    }

    /// The refusal of a request if the files change while the fetch for it is held.
    private func refusal(
        of body: String, by authenticator: ClientAuthenticator, _ held: HeldFetch, before: RegisteredClients,
        after: RegisteredClients
    ) async throws -> TokenRefusal? {
        let current = Mutex(before)
        async let refusal = PlatformFixture.refusal(of: body, by: authenticator) { current.withLock { $0 } }
        await held.waitUntilBegun()
        current.withLock { $0 = after }
        held.release()
        return try await refusal
    }

    private static let url = TrustedIssuer.Keys.keySet(url: "https://a.example/keys")

    private static func pod(_ id: String = "pod", subject: String = "pod") throws -> Client {
        try Client(id: ClientID(id), identities: [ClientIdentity(issuer: "a", subject: subject)])
    }

    /// What the files have by the time that the keys are there.
    enum Change: CaseIterable {
        case nothing, removedClient, otherSubject, takenOver, removedIssuer, otherKeys, noIssuers
    }

    @Test(
        "A platform's token is checked with the clients and issuers that there are after its keys were waited for",
        arguments: Change.allCases)
    func identities(change: Change) async throws {
        let (held, keys) = (HeldFetch(), platform.keys)
        let authenticator = try PlatformFixture.authenticator(
            issuerKeys: IssuerKeySets(
                fetch: { (_) async throws(DocumentFetchError) in await held.fetch(keys) }, report: { _ in }))
        let issuers = try platform.issuers(Self.url)
        let before = try platform.registered([Self.pod()], issuers)
        let (after, cause): (RegisteredClients, RefusalCause?) =
            switch change {
            case .nothing: (try platform.registered([Self.pod()], platform.issuers(Self.url)), nil)
            case .removedClient: (try platform.registered([], issuers), .noMatchingClient)
            case .otherSubject: (try platform.registered([Self.pod(subject: "x")], issuers), .noMatchingClient)
            case .takenOver: (try platform.registered([Self.pod("b"), Self.pod("c")], issuers), .ambiguousIdentity)
            case .removedIssuer: (try platform.registered([Self.pod()], []), .unknownIssuer)
            case .otherKeys: (try platform.registered([Self.pod()], platform.issuers()), .issuerKeysUnavailable)
            case .noIssuers: (RegisteredClients(try ClientRegistry([Self.pod()])), .unknownIssuer)
            }
        let refusal = try await refusal(
            of: PlatformFixture.assertion + platform.token(), by: authenticator, held, before: before, after: after)
        #expect(refusal?.cause == cause)
        if change == .otherKeys { #expect(refusal?.identity == IdentityTrace(issuer: "a")) }
    }

    @Test(
        "An assertion is checked with the client that there is after its keys were waited for",
        arguments: [Change.nothing, .removedClient, .otherKeys])
    func assertions(change: Change) async throws {
        func job(_ url: String = "https://job.example/keys") throws -> Client {
            try Client(id: ClientID("job"), secrets: [], keys: .remote(RemoteKeysLocation(url: url)))
        }
        let (held, keys) = (HeldFetch(), platform.keys)
        let authenticator = try PlatformFixture.authenticator(
            keySets: ClientKeySets(
                fetch: { (_) async throws(DocumentFetchError) in await held.fetch(keys) }, report: { _ in }))
        let before = RegisteredClients(try ClientRegistry([job()]))
        let (after, cause): (RegisteredClients, RefusalCause?) =
            switch change {
            case .removedClient: (RegisteredClients(try ClientRegistry([])), .unknownClient)
            case .otherKeys:
                (RegisteredClients(try ClientRegistry([job("https://other.example/keys")])), .keyServerDown)
            default: (RegisteredClients(try ClientRegistry([job()])), nil)
            }
        let body = PlatformFixture.assertion + (try platform.token(issuer: nil, subject: "job", jti: "1"))
        let refusal = try await refusal(of: body, by: authenticator, held, before: before, after: after)
        #expect(refusal?.cause == cause)
    }

    @Test("Over the limit of requests that wait for an issuer's keys, the refusal names the issuer")
    func tooManyWait() async throws {
        // Four times as many may wait.
        let limits = FailureLimits(failures: 1, addressFailures: 100, clientFailures: 100, window: .seconds(60))
        let (held, keys) = (HeldFetch(), platform.keys)
        let authenticator = try PlatformFixture.authenticator(
            limits,
            issuerKeys: IssuerKeySets(
                fetch: { (_) async throws(DocumentFetchError) in await held.fetch(keys) }, report: { _ in }))
        let registered = try platform.registered([Self.pod()], platform.issuers(Self.url))
        let body = PlatformFixture.assertion + (try platform.token())
        try await withThrowingTaskGroup(of: TokenRefusal?.self) { group in
            for _ in 0..<5 {
                group.addTask { try await PlatformFixture.refusal(of: body, by: authenticator) { registered } }
            }
            // The others wait.
            let first = try #require(try await group.next())
            #expect(first?.cause == .tooManyAttempts && first?.code == .overloaded)
            #expect(first?.identity == IdentityTrace(issuer: "a"))
            held.release()
            for try await refusal in group { #expect(refusal == nil) }
        }
    }

    @Test("Keys of an issuer that are skipped are reported if it has no other, and if a token names one of them")
    func skippedKeys() async throws {
        let leadingZero = #"{"kty":"RSA","e":"AQAB","n":"AAEB","kid":"java"}"#
        let good = String(decoding: platform.keys.json(), as: UTF8.self)
        for (text, keyID) in [
            (#"{"keys":[\#(leadingZero)]}"#, "k1"), (good.replacing("]}", with: ",\(leadingZero)]}"), "java"),
        ] {
            let set = try JWKSet(reading: Array(text.utf8))
            let lines = Mutex<[String]>([])
            let keys = IssuerKeySets(
                fetch: { (_) async throws(DocumentFetchError) in FetchedDocument(set, maximumAge: .seconds(300)) },
                report: { event in
                    guard case .keysSkipped(let url, let reasons, usableCount: _) = event else { return }
                    let found = reasons.map { "\(url) \($0)" }
                    lines.withLock { (all: inout [String]) in all += found }
                })
            let authenticator = try PlatformFixture.authenticator(issuerKeys: keys)
            let registered = try platform.registered([Self.pod()], platform.issuers(Self.url))
            for _ in 0..<2 {
                let body = PlatformFixture.assertion + (try platform.token(keyID: keyID))
                #expect(try await PlatformFixture.refusal(of: body, by: authenticator) { registered } != nil)
            }
            #expect(lines.withLock { $0.count } == 1)
            #expect(lines.withLock { $0.first }?.hasPrefix("https://a.example key ") == true)
            #expect(lines.withLock { $0.first }?.contains(#"(kid "java"): n or e begins with a zero"#) == true)
        }
    }
}
