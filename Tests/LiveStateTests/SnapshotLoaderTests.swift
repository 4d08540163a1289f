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
    @Test("A folder without a key for the configured algorithm is a problem, and the hint says how to make one")
    func aFolderWithoutASigningKeyIsRefused() throws {
        let fixture = try ServiceFixture(keyFile: "p256.pem")
        let error = #expect(throws: InvalidConfiguration.self) { try fixture.snapshot() }
        #expect(error?.problems.map(\.message) == ["holds no key that can sign RS256 now"])
        #expect(error?.problems.first?.hint == "`writ keys generate --algorithm RS256` makes one")
    }

    @Test("A folder without a sealing key is a problem if a client may refresh")
    func clientsThatMayRefreshNeedOne() throws {
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

    @Test("A folder without a sealing key is a problem if nonces are asked for in DPoP proofs")
    func noncesNeedOne() throws {
        let fixture = try ServiceFixture(configuration: "issuer: https://tokens.example.com\ndpop: { nonce: on }\n")
        try fixture.folder.write("clients: []\n", to: "clients.yaml")
        #expect(try fixture.snapshot().proofs.nextNonce(now: ServiceFixture.now) != nil)
        #expect(try fixture.snapshot().hasSingleUse)
        try FileManager.default.removeItem(atPath: fixture.folder.path("keys/first.sealing"))
        let error = #expect(throws: InvalidConfiguration.self) { try fixture.snapshot() }
        #expect(error?.problems.map(\.message) == ["holds no sealing key that can be used now, and dpop.nonce is on"])
        #expect(error?.problems.first?.hint == "`writ keys rotate --sealing` makes one")
        #expect(try ServiceFixture().snapshot().proofs.nextNonce(now: ServiceFixture.now) == nil)
    }

    @Test("A service with a client that must send proofs has something that is accepted once")
    func proofsAreSingleUse() throws {
        let fixture = try ServiceFixture()
        #expect(try !fixture.snapshot().hasSingleUse)
        try fixture.addCourier()
        #expect(try fixture.snapshot().hasSingleUse)
    }

    /// A replica that has not read the folder yet must be able to open the tokens that the other replicas seal.
    @Test("A sealing key that appears unannounced seals after the announcement period")
    func aKeyThatNobodyAnnouncedIsHeldBack() throws {
        let fixture = try ServiceFixture()
        let reloader = try fixture.reloader()
        let soon = ServiceFixture.now + .seconds(10)
        try fixture.folder.write("CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk", to: "keys/20200101T000000Z.sealing")
        reloader.reload(now: soon)
        let keys = reloader.snapshots.current.sealingKeys
        #expect(keys.map(\.state) == [.signing, .next])
        #expect(keys.last?.since == soon + KeyTiming.standard.announcement)
    }

    @Test("A snapshot publishes the signing key, the next key and every key whose tokens may still be valid")
    func publishesWhatItMust() throws {
        let fixture = try ServiceFixture()
        // The fixture's clock shows 20261118T110640Z and the longest lifetime is 15 minutes.
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

    @Test("A public key of a former issuer is published under the kid in its file name")
    func anOldIssuersKeyKeepsItsKid() throws {
        let fixture = try ServiceFixture()
        try fixture.copyKey("rsa-2048.pub.pem", as: "kid=old-issuer-1.pub.pem")
        // The fixture's key is the same key under its own kid. That is allowed, since only a kid must not occur twice, but
        // it is another case: here another key replaces it.
        try fixture.folder.write(
            String(contentsOf: TestVectors.url("keys/rsa-3072.pem"), encoding: .utf8), to: "keys/first.pem")
        let keys = try fixture.snapshot().keys
        #expect(keys.map(\.key.keyID).contains("old-issuer-1"))
        #expect(keys.first { $0.key.keyID == "old-issuer-1" }?.state == .published)
    }
}
