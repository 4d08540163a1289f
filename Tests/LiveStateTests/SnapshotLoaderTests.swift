import AccessToken
import Foundation
import JOSE
import OAuth
import ServiceFiles
import ServiceFixture
import TestSupport
import Testing

@testable import LiveState

@Suite struct SnapshotLoaderTests {
    @Test func aFolderWithoutASigningKeyIsRefused() throws {
        let fixture = try ServiceFixture(keyFile: "p256.pem")
        let error = #expect(throws: InvalidConfiguration.self) { try fixture.snapshot() }
        #expect(error?.problems.map(\.message) == ["holds no key that can sign RS256 now"])
        #expect(error?.problems.first?.hint == "`writ keys generate --algorithm RS256` makes one")
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

    @Test func publishesWhatItMust() throws {
        let fixture = try ServiceFixture()
        // The fixture's clock stands at 20261118T110640Z and the longest lifetime is 15 minutes.
        try fixture.copyKey("rsa-3072.pem", as: "20261118T105500Z.pem")
        try fixture.copyKey("rsa-2048-exponent3.pem", as: "20261119T000000Z.pem")
        try fixture.copyKey("p256.pem", as: "elliptic.pem")
        let states = try fixture.snapshot().keys.map { "\($0.key.name) \($0.state.rawValue)" }
        #expect(
            states == [
                "elliptic.pem published", "first.pem published", "20261118T105500Z.pem signing",
                "20261119T000000Z.pem next",
            ])
    }

    @Test func anOldIssuersKeyKeepsItsKid() throws {
        let fixture = try ServiceFixture()
        try fixture.copyKey("rsa-2048.pub.pem", as: "kid=old-issuer-1.pub.pem")
        // The same key under its own kid is another matter: it is refused only where the kid is the same.
        try fixture.folder.write(
            String(contentsOf: TestVectors.url("keys/rsa-3072.pem"), encoding: .utf8), to: "keys/first.pem")
        let keys = try fixture.snapshot().keys
        #expect(keys.map(\.key.keyID).contains("old-issuer-1"))
        #expect(keys.first { $0.key.keyID == "old-issuer-1" }?.state == .published)
    }
}
