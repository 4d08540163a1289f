import JOSE
import OAuth
import Synchronization
import Testing

@testable import TokenHTTP

/// What is logged of the keys that were skipped in a fetched set.
@Suite struct SkippedKeysTests {
    private final class Reports: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ url: String, _ set: JWKSet) {
            lines.withLock { $0 += set.ignored.map { "\(url) \($0)" } }
        }
    }

    private let reports = Reports()
    private let skipped: SkippedKeys<RemoteKeysLocation>
    private static let url = "https://a.example/k"
    private static let location = RemoteKeysLocation(url: url)
    private static let good =
        #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"good""#

    init() {
        let reports = reports
        skipped = SkippedKeys { reports.add($0.url, $1) }
    }

    private func set(_ keys: String...) throws -> JWKSet {
        try JWKSet(reading: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8))
    }

    private static let leadingZero = #"{"kty":"RSA","e":"AQAB","n":"AAEB","kid":"java"}"#

    @Test("A set without a key that can be used is reported once, and again when it changes")
    func noUsableKey() throws {
        let first = try set(Self.leadingZero)
        for _ in 0..<3 { skipped.look(at: first, of: Self.location) }
        let line = "\(Self.url) key 1 (kid \"java\"): n or e begins with a zero"
        #expect(reports.all == [line])
        skipped.look(at: first, of: RemoteKeysLocation(url: Self.url, caFile: "ca.pem"))
        #expect(reports.all.count == 2)
        skipped.look(at: try set(Self.leadingZero, "7"), of: Self.location)
        #expect(reports.all.suffix(2) == [line, "\(Self.url) key 2: it is not an object"])
        // An empty set is a client's right: it has withdrawn its keys.
        skipped.look(at: try set(), of: Self.location)
        #expect(reports.all.count == 4)
        skipped.look(at: first, of: Self.location)
        #expect(reports.all.count == 5)
    }

    @Test("A key that is skipped beside a good one is reported if an assertion names it")
    func askedFor() throws {
        let mixed = try set(Self.good + "}", Self.leadingZero)
        skipped.look(at: mixed, of: Self.location)
        skipped.look(at: mixed, of: Self.location, askedFor: "other")
        #expect(reports.all.isEmpty)
        for _ in 0..<3 { skipped.look(at: mixed, of: Self.location, askedFor: "java") }
        #expect(reports.all == ["\(Self.url) key 2 (kid \"java\"): n or e begins with a zero"])
    }

    @Test("A key with private members is reported in any case")
    func privateMembers() throws {
        skipped.look(at: try set(Self.good + "}", Self.good + #","d":"AA"}"#), of: Self.location)
        #expect(
            reports.all == [
                "\(Self.url) key 2 (kid \"good\"): it contains its private half, which only its owner may have"
            ])
    }
}
