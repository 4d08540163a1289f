import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// The keys for refresh tokens. They rotate as signing keys do.
@Suite struct SealingKeysTests {
    private let folder: TemporaryFolder
    private let keys: KeysFolder
    private let now = NumericDate(1_795_426_200)
    /// 32 octets of the value 7, in base64url.
    private static let sealingKey = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"

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

    @Test("A generated sealing key reads back, and only its owner can access it")
    func aKeyThatIsMadeReadsBack() throws {
        let key = try #require(try keys.sealing.generateFirst())
        #expect(key.name.description == "xaes-256-gcm.sealing")
        #expect(try keys.loadSealing().map(\.key.keyID) == [key.keyID])
        #expect(try keys.load().isEmpty)
        #expect(try keys.sealing.generateFirst() == nil)
        #expect(try folder.read("keys/xaes-256-gcm.sealing").wholeMatch(of: /[A-Za-z0-9_-]{43}\n/) != nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("keys/xaes-256-gcm.sealing"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test(
        "A sealing key is 32 octets in base64url",
        arguments: [
            "", "\n", "AAAA", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
            "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd",
            "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", " BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        ])
    func refusesWhatIsNoKey(text: String) throws {
        try write(text, to: "a.sealing")
        #expect(problems() == ["is not a key of 32 octets in base64url"])
    }

    @Test("A sealing key that other users can read is refused")
    func refusesAKeyThatOthersCanRead() throws {
        try write(Self.sealingKey, to: "a.sealing", permissions: 0o640)
        #expect(problems() == ["holds a secret that other users can read"])
    }

    @Test("The same sealing key twice, and two first keys, are refused")
    func refusesTheSameKeyTwiceAndTwoFirstKeys() throws {
        try write(Self.sealingKey, to: "a.sealing")
        try write(Self.sealingKey, to: "20261123T093000Z.sealing")
        #expect(problems() == ["is the same key as 20261123T093000Z.sealing"])
        try write("CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk", to: "20261123T093000Z.sealing")
        try write("CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo", to: "b.sealing")
        #expect(problems() == ["has no time in its name, and neither has a.sealing: it is not clear which is in use"])
    }

    @Test("An old sealing key is kept for as long as refresh tokens live")
    func rotatesAsSigningKeysDoButKeepsOldOnesForAsLongAsRefreshTokensLive() throws {
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

    @Test("A retired sealing key is replaced by a new one")
    func retiringTheKeyThatSealsPutsAnotherInItsPlace() throws {
        _ = try keys.signing.generateFirst()
        let first = try #require(try keys.sealing.generateFirst())
        let (chain, key) = try keys.find(first.keyID)
        #expect(key == first)
        #expect(chain.purpose == .sealing)
        let replacement = try chain.retire(first, longestLifetime: .seconds(900), now: now)
        #expect(replacement?.name.start == now - .seconds(60))
        #expect(try keys.loadSealing().map(\.key.keyID) == [replacement?.keyID])
        #expect(try keys.load().count == 1)
    }
}
