import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import TokenHTTP

/// The keys for refresh tokens, which follow one another as those that sign do.
@Suite struct SealingKeysTests {
    private let folder: TemporaryFolder
    private let keys: KeysFolder
    private let now = NumericDate(1_795_426_200)

    init() throws {
        folder = try TemporaryFolder()
        keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .es256)
    }

    private func problems() -> [String] {
        let error = #expect(throws: InvalidConfiguration.self) { try keys.loadSealing() }
        return error?.problems.map(\.message) ?? []
    }

    private func write(_ text: String, to name: String, permissions: Int = 0o600) throws {
        try FileManager.default.createDirectory(atPath: folder.path("keys"), withIntermediateDirectories: true)
        try folder.write(text, to: "keys/\(name)", permissions: permissions)
    }

    @Test func aKeyThatIsMadeReadsBack() throws {
        let key = try #require(try keys.sealing.generateFirst())
        #expect(key.name.description == "xaes-256-gcm.sealing")
        #expect(try keys.loadSealing().map(\.key.keyID) == [key.keyID])
        #expect(try keys.load().isEmpty)
        #expect(try keys.sealing.generateFirst() == nil)
        #expect(try folder.read("keys/xaes-256-gcm.sealing").wholeMatch(of: /[A-Za-z0-9_-]{43}\n/) != nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("keys/xaes-256-gcm.sealing"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test(arguments: [
        "", "\n", "AAAA", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", " BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
    ])
    func refusesWhatIsNoKey(text: String) throws {
        try write(text, to: "a.sealing")
        #expect(problems() == ["is not a key of 32 octets in base64url"])
    }

    @Test func refusesAKeyThatOthersCanRead() throws {
        try write(ServiceFixture.sealingKey, to: "a.sealing", permissions: 0o640)
        #expect(problems() == ["holds a private key that others can read"])
    }

    @Test func refusesTheSameKeyTwiceAndTwoFirstKeys() throws {
        try write(ServiceFixture.sealingKey, to: "a.sealing")
        try write(ServiceFixture.sealingKey, to: "20261123T093000Z.sealing")
        #expect(problems() == ["is the same key as 20261123T093000Z.sealing"])
        try write("CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk", to: "20261123T093000Z.sealing")
        try write("CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo", to: "b.sealing")
        #expect(problems() == ["has no time in its name, and neither has a.sealing: it is not clear which is in use"])
    }

    @Test func rotatesAsSigningKeysDoButKeepsOldOnesForAsLongAsRefreshTokensLive() throws {
        let lifetime = Duration.seconds(30 * 86400)
        let first = try #require(try keys.sealing.generateFirst())
        #expect(throws: KeyRotationError.tooSoon(atLeast: .seconds(360))) {
            try keys.sealing.rotate(in: .seconds(359), isForced: false, longestLifetime: lifetime, now: now)
        }
        let second = try keys.sealing.rotate(in: .seconds(360), isForced: false, longestLifetime: lifetime, now: now)
        #expect(second.new.name.description == "20261123T093600Z-xaes-256-gcm.sealing")
        try folder.setTime(of: "keys/\(second.new.name)", toSecondsSince1970: now.seconds)
        let late = now + .seconds(360 + 30 * 86400 + 360)
        let third = try keys.sealing.rotate(in: .seconds(360), isForced: false, longestLifetime: lifetime, now: late)
        #expect(third.removed.isEmpty)
        let fourth = try keys.sealing.rotate(
            in: .seconds(400), isForced: false, longestLifetime: lifetime, now: late + .seconds(60))
        #expect(fourth.removed == [first.name])
    }

    @Test func retiringTheKeyThatSealsPutsAnotherInItsPlace() throws {
        _ = try keys.signing.generateFirst()
        let first = try #require(try keys.sealing.generateFirst())
        let chain = try keys.chain(ofKey: first.keyID)
        #expect(chain.purpose == .sealing)
        let result = try chain.retire(first.keyID, longestLifetime: .seconds(900), now: now)
        #expect(result.replacement?.name.start == now - .seconds(60))
        #expect(try keys.loadSealing().map(\.key.keyID) == [result.replacement?.keyID])
        #expect(try keys.load().count == 1)
    }

    @Test func clientsThatMayRefreshNeedOne() throws {
        let fixture = try ServiceFixture()
        try FileManager.default.removeItem(atPath: fixture.folder.path("keys/first.sealing"))
        let error = #expect(throws: InvalidConfiguration.self) { try fixture.snapshot() }
        #expect(
            error?.problems.map(\.message) == [
                "holds no key that can seal refresh tokens now, and there are clients with refresh_token"
            ])
        #expect(error?.problems.first?.hint == "`writ keys rotate --sealing` makes one")
        try fixture.folder.write("clients: []\n", to: "clients.yaml")
        #expect(throws: Never.self) { try fixture.snapshot() }
    }

    /// With `keys_rotation` the service makes it when it starts.
    @Test func theCheckExpectsAFirstKeyThatTheServiceMakes() async throws {
        let issuer = "issuer: https://tokens.example.com\n"
        for (rotation, isGood) in [("keys_rotation: {every: 90d}\n", true), ("", false)] {
            let fixture = try ServiceFixture(configuration: issuer + rotation)
            try FileManager.default.removeItem(atPath: fixture.folder.path("keys/first.sealing"))
            let file = FilePath(fixture.folder.path("writ.yaml"))
            var problems: [String] = []
            do throws(InvalidConfiguration) {
                try await ConfigurationCheck.run(file, environment: [:], triesAddresses: false)
            } catch {
                problems = error.problems.map(\.message)
            }
            #expect(problems.isEmpty == isGood, "\(problems)")
        }
    }

    /// A replica that has not seen the folder yet must be able to open what the others seal.
    @Test func aKeyThatNobodyAnnouncedIsHeldBack() throws {
        let fixture = try ServiceFixture()
        let reloader = try fixture.reloader()
        let soon = ServiceFixture.now + .seconds(10)
        try fixture.folder.write("CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk", to: "keys/20200101T000000Z.sealing")
        reloader.reload(now: soon)
        let keys = reloader.snapshots.current.sealingKeys
        #expect(keys.map(\.state) == [.signing, .next])
        #expect(keys.last?.since == soon + KeyTiming.standard.announcement)
    }

    @Test func rotationByItselfConcernsBothChains() throws {
        let fixture = try ServiceFixture()
        let folder = fixture.configuration.keys
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        let lifetimes = fixture.configuration.lifetimes(of: [])
        let late = ServiceFixture.now + .seconds(10 * 366 * 86400)
        for chain in [folder.signing, folder.sealing] {
            var rotation = AutomaticRotation(of: chain, plan: plan, logger: .silent)
            rotation.step(lifetimes: lifetimes, now: late, uptime: .now)
        }
        #expect(try folder.load().count == 2)
        #expect(try folder.loadSealing().count == 2)
    }
}
