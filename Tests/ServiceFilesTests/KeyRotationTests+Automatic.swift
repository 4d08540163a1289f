import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `keys_rotation`
extension KeyRotationTests {
    @Test("The next key is generated once, when its announcement is due")
    func eachKeyIsMadeOnce() throws {
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

    @Test("Replicas that rotate at the same time generate one key")
    func manyReplicasMakeOneKey() async throws {
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        #expect(try await countOfEight { try keys.signing.generateFirst() != nil } == 1)
        #expect(files == ["es256.pem"])
        // The age of a first key is that of its file.
        let made = NumericDate(Int64(try FilePath(folder.path("keys/es256.pem")).stat().st_mtim.tv_sec))
        let rotations = try await countOfEight {
            try keys.signing.generateIfDue(plan, now: made + .seconds(3000)) != nil
        }
        #expect(rotations == 1)
        #expect(files.count == 2)
    }

    /// How many of eight concurrent runs return `true`.
    private func countOfEight(_ body: @escaping @Sendable () throws -> Bool) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { try body() } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Test("A key that begins later than the plan allows is reported")
    func aKeyOfAClockThatWasAheadIsTold() throws {
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        _ = try keys.generate(in: keys, start: now + .seconds(3600))
        #expect(try keys.signing.stallingKey(of: plan, now: now) == nil)
        let ahead = try keys.generate(in: keys, start: now + .seconds(86400))
        #expect(try keys.signing.stallingKey(of: plan, now: now) == ahead.name)
    }
}
