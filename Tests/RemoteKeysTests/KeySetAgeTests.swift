import JOSE
import Libcrypto
import Testing

@testable import RemoteKeys

/// When a set is used, asked for and given up. No clock runs here.
@Suite struct KeySetAgeTests {
    private let start = ContinuousClock.now
    private let set: FetchedKeySet

    init() throws {
        set = FetchedKeySet(keys: try Self.keys(), maximumAge: .seconds(100))
    }

    private static func keys() throws -> JWKSet {
        JWKSet([JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: .es256)])
    }

    private func age(jitter: Double = 0, _ caching: KeySetCaching = .standard) throws -> KeySetAge {
        var age = KeySetAge(caching)
        let mayAsk = age.begin(now: start, jitter: jitter)
        #expect(mayAsk)
        try age.receive(set, now: start)
        return age
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test func asksBeforeTheSetIsOldAndWaitsWhenItIs() throws {
        for (jitter, ahead) in [(0.0, 75.0), (1, 90)] {
            let age = try age(jitter: jitter)
            #expect(age.advice(now: start) == .use)
            #expect(age.advice(now: at(ahead - 0.1)) == .use)
            #expect(age.advice(now: at(ahead + 0.1)) == .useAndAsk)
            #expect(age.advice(now: at(99.9)) == .useAndAsk)
            #expect(age.advice(now: at(100)) == .ask)
        }
    }

    @Test func nobodyWaitsForAServerThatHasFailedUntilTheSetIsStale() throws {
        var age = try age(KeySetCaching(maximumStaleness: .seconds(50)))
        #expect(age.advice(now: at(120)) == .ask)
        let mayAsk = age.begin(now: at(120), jitter: 0)
        #expect(mayAsk)
        age.fail(.status(500))
        #expect(age.advice(now: at(149.9)) == .useAndAsk)
        #expect(try age.lastGood(now: at(149.9)).version == 1)
        #expect(age.advice(now: at(150)) == .ask)
        #expect(throws: KeySetFetchError.self) { try age.lastGood(now: at(150)) }
        // Without a set that can be used, a second is all that is waited.
        let mayAskAgain = [at(150), at(150.5), at(151)].map { age.begin(now: $0, jitter: 0) }
        #expect(mayAskAgain == [true, false, true])
        try age.receive(set, now: at(151))
        #expect(age.advice(now: at(152)) == .use)
    }

    @Test func anOldFailureSaysNothing() throws {
        var age = try age()
        _ = age.begin(isForMissingKey: true, now: at(50), jitter: 0)
        age.fail(.status(500))
        #expect(age.advice(now: at(105)) == .useAndAsk)
        #expect(age.advice(now: at(110)) == .ask)
    }

    @Test func asksOnceInACoolDown() throws {
        for (jitter, coolDown) in [(0.0, 30.0), (1, 37.5)] {
            var age = try age(jitter: jitter)
            let early = age.begin(now: at(coolDown - 0.1), jitter: 0)
            #expect(!early)
            let late = age.begin(now: at(coolDown), jitter: 0)
            #expect(late)
        }
        var without = KeySetAge(.standard)
        let attempts = [0, 0.9, 1.0].map { without.begin(now: at($0), jitter: 0) }
        #expect(attempts == [true, false, true])
    }

    @Test func aMissingKeyIsAskedForOnceThoughTheSetIsNew() throws {
        var age = try age()
        let attempts = [0.1, 0.2, 30.0, 30.2].map { age.begin(isForMissingKey: true, now: at($0), jitter: 0) }
        #expect(attempts == [true, false, false, true])
        var failed = try self.age()
        failed.fail(.status(500))
        let late = failed.begin(isForMissingKey: true, now: at(29.9), jitter: 0)
        #expect(!late)
    }

    @Test func anEmptySetIsAMistakeUnlessToldOtherwise() throws {
        let empty = FetchedKeySet(keys: JWKSet([]), maximumAge: .seconds(100))
        var age = try age()
        #expect(throws: KeySetFetchError.self) { try age.receive(empty, now: at(1)) }
        #expect(try age.lastGood(now: at(2)).keys.keys.count == 1)
        var open = try self.age(KeySetCaching(refusesEmptySets: false))
        try open.receive(empty, now: at(1))
        #expect(try open.lastGood(now: at(2)).keys.keys.isEmpty)
    }

    @Test func theVersionChangesWithTheKeys() throws {
        var age = try age()
        try age.receive(set, now: at(1))
        #expect(age.current?.version == 1)
        try age.receive(FetchedKeySet(keys: try Self.keys(), maximumAge: .seconds(1)), now: at(2))
        #expect(age.current?.version == 2)
    }
}
