import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import TokenHTTP

/// `keys_rotation`
extension KeyRotationTests {
    @Test func eachKeyIsMadeOnce() throws {
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        _ = try keys.generate(in: keys, start: now)
        #expect(try keys.signing.generateIfDue(plan, now: now + .seconds(2999)) == nil)
        let key = try #require(try keys.signing.generateIfDue(plan, now: now + .seconds(3000)))
        #expect(key.name.start == now + .seconds(3600))
        for second in 3000..<3010 as Range<Int64> {
            #expect(try keys.signing.generateIfDue(plan, now: now + .seconds(second)) == nil)
        }
        #expect(files.count == 2)
    }

    @Test func manyReplicasMakeOneKey() async throws {
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        #expect(try await countOfEight { try keys.signing.generateFirst() != nil } == 1)
        #expect(files == ["es256.pem"])
        // A first key's age is that of its file.
        let made = NumericDate(Int64(try FilePath(folder.path("keys/es256.pem")).stat().st_mtim.tv_sec))
        let rotations = try await countOfEight {
            try keys.signing.generateIfDue(plan, now: made + .seconds(3000)) != nil
        }
        #expect(rotations == 1)
        #expect(files.count == 2)
    }

    /// How many of eight that run at once say that they did it.
    private func countOfEight(_ body: @escaping @Sendable () throws -> Bool) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { try body() } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    /// What must go is there for as long as it takes to be sure that the clock is right.
    @Test func whatHasBeenExpiredForAnHourIsRemoved() throws {
        let plan = try RotationPlan(every: .seconds(86400), announce: .seconds(600))
        let lifetimes = TokenLifetimes(accessToken: .seconds(900), refreshToken: .seconds(900))
        let (first, second) = (
            try keys.generate(in: keys, start: now), try keys.generate(in: keys, start: now + .seconds(400))
        )
        for key in [first, second] { try folder.setTime(of: "keys/\(key.name)", toSecondsSince1970: now.seconds) }
        var rotation = AutomaticRotation(of: keys.signing, plan: plan, logger: .silent)
        let late = now + .seconds(10_000)
        let uptime = ContinuousClock.now
        func step(_ now: NumericDate, after seconds: Int) {
            rotation.step(lifetimes: lifetimes, now: now, uptime: uptime + .seconds(seconds))
        }
        let both = [first.name.description, second.name.description]
        step(late, after: 0)
        step(late, after: 3599)
        #expect(files == both)
        // The clock is right again for a moment.
        step(now, after: 3600)
        step(late, after: 3601)
        step(late, after: 7200)
        #expect(files == both)
        step(late, after: 7201)
        #expect(files == [both[1]])
    }

    @Test func aKeyOfAClockThatWasAheadIsTold() throws {
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        _ = try keys.generate(in: keys, start: now + .seconds(3600))
        #expect(try keys.signing.stallingKey(of: plan, now: now) == nil)
        let ahead = try keys.generate(in: keys, start: now + .seconds(86400))
        #expect(try keys.signing.stallingKey(of: plan, now: now) == ahead.name)
    }
}
