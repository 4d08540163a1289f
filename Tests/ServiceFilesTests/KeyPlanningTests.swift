import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// What `--dry-run` reports is what the command does, and changes nothing.
@Suite struct KeyPlanningTests {
    let folder: TemporaryFolder
    let keys: KeysFolder
    let now = NumericDate(1_795_426_200)

    init() throws {
        folder = try TemporaryFolder()
        keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .es256)
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path("keys")).sorted() }
    }

    @Test("A planned rotation has the name and the removed keys of the rotation itself, and changes no file")
    func plansARotation() throws {
        let first = try #require(try keys.signing.generateFirst())
        try folder.setTime(of: "keys/\(first.name)", toSecondsSince1970: now.seconds - 10_000_000)
        let second = try keys.signing.generate(start: BasicTime(now - .seconds(9_000_000)))
        try folder.setTime(of: "keys/\(second.name)", toSecondsSince1970: now.seconds - 10_000_000)
        let before = try files
        let plan = try keys.signing.plannedRotation(
            in: .seconds(360), isForced: false, longestLifetime: .seconds(900), now: now)
        #expect(try files == before)
        #expect(plan.removed == [first.name])
        let rotation = try keys.signing.rotate(
            in: .seconds(360), isForced: false, longestLifetime: .seconds(900), now: now)
        #expect(rotation.new.name == plan.new)
        #expect(rotation.removed == plan.removed)
    }

    @Test("A planned rotation fails as the rotation would")
    func plansNoRotationThatFails() throws {
        #expect(throws: KeyRotationError.noKeys(keys.path)) {
            try keys.signing.plannedRotation(in: .zero, isForced: true, longestLifetime: .zero, now: now)
        }
        _ = try keys.signing.generateFirst()
        #expect(throws: KeyRotationError.tooSoon(atLeast: .seconds(360))) {
            try keys.signing.plannedRotation(in: .seconds(1), isForced: false, longestLifetime: .zero, now: now)
        }
    }

    @Test("A key needs a replacement if it is in use and no earlier key is left")
    func saysWhetherANewKeyIsNeeded() throws {
        let first = try #require(try keys.signing.generateFirst())
        #expect(try keys.signing.needsReplacement(first, now: now))
        let next = try keys.signing.generate(start: BasicTime(now + .seconds(400)))
        // The next key does not sign yet, and the first one can sign in its place.
        #expect(try keys.signing.needsReplacement(first, now: now))
        #expect(try !keys.signing.needsReplacement(next, now: now))
        #expect(try !keys.signing.needsReplacement(first, now: now + .seconds(400)))
    }
}
