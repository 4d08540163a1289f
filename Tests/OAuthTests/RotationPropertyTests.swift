import AccessToken
import OAuth
import TestSupport
import Testing

/// At every instant of a rotation, a token that any replica has just signed verifies with a key set that was fetched
/// from any replica up to its `max-age` ago. Schedules, clocks and cache ages are random.
@Suite struct RotationPropertyTests {
    /// A key and the time at which its file appeared.
    private struct Appearance {
        let name: KeyFileName
        let at: Int64
    }

    private static let lifetime: Int64 = 900
    /// In seconds. The clocks of replicas are off by up to this much, and files are noticed up to 2 s late.
    private static let skew: Int64 = 10

    /// How many of `trials` random tokens do not verify.
    private func failures(timing: KeyTiming, published maximumAge: Int64, trials: Int, seed: UInt64) throws -> Int {
        var random = SeededGenerator(seed: seed)
        var failures = 0
        for _ in 0..<trials {
            let keys = try history(&random, timing: timing)
            // Most failures happen at a change of keys or just after it, so the trials are there.
            let change = keys.randomElement(using: &random)?.name.start?.seconds ?? 1_795_000_000
            let signedAt = change + Int64.random(in: -60...600, using: &random)
            let patience = Bool.random(using: &random) ? 10 : Self.lifetime + 30
            let verifiedAt = signedAt + Int64.random(in: 0...patience, using: &random)
            let fetchedAt = verifiedAt - Int64.random(in: 0...maximumAge, using: &random)
            guard let signer = state(of: keys, at: signedAt, timing, &random).signing else { continue }
            let published = state(of: keys, at: fetchedAt, timing, &random).entries.filter { $0.state != .expired }
            if !published.contains(where: { $0.name == signer }) { failures += 1 }
        }
        return failures
    }

    /// A first key, and later keys that were each created with an announcement.
    private func history(_ random: inout SeededGenerator, timing: KeyTiming) throws -> [Appearance] {
        var keys = [Appearance(name: try #require(try KeyFileName("first.pem")), at: 0)]
        var time: Int64 = 1_794_999_000
        while time < 1_795_010_000 {
            time += Int64.random(in: 30...4000, using: &random)
            let spare = Bool.random(using: &random) ? 0 : Int64.random(in: 0...2000, using: &random)
            let delay = timing.announcement.components.seconds + spare
            let name = try #require(try KeyFileName("\(BasicTime(NumericDate(time + delay)))-\(time).pem"))
            keys.append(Appearance(name: name, at: time))
        }
        return keys
    }

    /// The schedule of one replica, which has a clock of its own and notices files a little late.
    private func state(
        of keys: [Appearance], at time: Int64, _ timing: KeyTiming, _ random: inout SeededGenerator
    ) -> KeySchedule {
        let lateness = Int64.random(in: 0...2, using: &random)
        let clock = NumericDate(time + Int64.random(in: -Self.skew...Self.skew, using: &random))
        return KeySchedule(
            keys.filter { $0.at <= time - lateness }.map { KeyStart($0.name) }, now: clock,
            retention: timing.retention(longestLifetime: .seconds(Self.lifetime)))
    }

    @Test(
        "During a rotation, every token verifies with every key set that may be cached",
        arguments: 0..<20 as Range<UInt64>)
    func everyTokenVerifies(seed: UInt64) throws {
        #expect(try failures(timing: .standard, published: 300, trials: 200, seed: seed) == 0)
    }

    @Test("Without the announcement of keys, some tokens do not verify")
    func withoutTheAnnouncementSomeDoNot() throws {
        let hasty = KeyTiming(keySetMaximumAge: .zero, leeway: .seconds(60))
        #expect(try failures(timing: hasty, published: 300, trials: 4000, seed: 1) > 0)
    }

    @Test("Without the retention of keys, some tokens do not verify")
    func withoutTheRetentionSomeDoNot() throws {
        let timing = KeyTiming(keySetMaximumAge: .seconds(300), leeway: .seconds(-600))
        #expect(try failures(timing: timing, published: 300, trials: 4000, seed: 1) > 0)
    }
}
