import AccessToken
import Foundation
import JOSE
import OAuth
import ServiceFixture
import SystemPackage
import TestSupport
import Testing

@testable import LiveState
@testable import ServiceFiles

@Suite struct ReloadTests {
    private let fixture: ServiceFixture
    private let reloader: Reloader

    init() throws {
        fixture = try ServiceFixture()
        reloader = try fixture.reloader()
    }

    private var current: Snapshot { reloader.snapshots.current }
    private var keyID: String { current.signingKey(at: ServiceFixture.now).keyID }

    private func renameClient(to name: String) throws {
        let text = try fixture.folder.read("clients.yaml")
        try fixture.folder.write(text.replacing("reporting", with: name), to: "clients.yaml")
    }

    @Test("SIGHUP reloads everything at once")
    func aSignalTakesEffectAtOnceAndWhole() throws {
        try renameClient(to: "renamed")
        reloader.reload(now: ServiceFixture.now)
        #expect(current.clients[try ClientID("renamed")] != nil)
        #expect(current.clients[try ClientID("reporting")] == nil)
    }

    @Test("A file is loaded only after it has stopped changing")
    func aChangeIsTakenUpWhenItHasStoodStill() throws {
        try renameClient(to: "first")
        reloader.look(now: ServiceFixture.now)
        #expect(current.clients[try ClientID("first")] == nil)
        // The file is still being written: the first version is never loaded.
        try renameClient(to: "second")
        try fixture.folder.write(
            fixture.folder.read("clients.yaml").replacing("first", with: "second"), to: "clients.yaml")
        reloader.look(now: ServiceFixture.now)
        reloader.look(now: ServiceFixture.now)
        #expect(current.clients[try ClientID("first")] == nil)
        #expect(current.clients[try ClientID("second")] != nil)
    }

    @Test(
        "A clients file that is not one as a whole leaves all clients as they are",
        arguments: ["clients: [", "", "a: 1\n"])
    func aBrokenFileChangesNothing(text: String) throws {
        try fixture.folder.write(text, to: "clients.yaml")
        for _ in 0..<3 { reloader.look(now: ServiceFixture.now) }
        reloader.reload(now: ServiceFixture.now)
        #expect(current.clients.count == 8)
    }

    @Test("An invalid key file leaves the running snapshot in use")
    func aBrokenKeyChangesNothing() throws {
        let before = keyID
        try fixture.folder.write("half", to: "keys/first.pem")
        for _ in 0..<3 { reloader.look(now: ServiceFixture.now) }
        #expect(keyID == before)
    }

    @Test("A keys folder that disappears and returns leaves the same key signing")
    func aKeysFolderThatDisappearsAndReturnsChangesNothing() throws {
        let before = keyID
        try FileManager.default.moveItem(atPath: fixture.folder.path("keys"), toPath: fixture.folder.path("away"))
        for _ in 0..<3 { reloader.look(now: ServiceFixture.now) }
        #expect(keyID == before)
        try FileManager.default.moveItem(atPath: fixture.folder.path("away"), toPath: fixture.folder.path("keys"))
        for _ in 0..<3 { reloader.look(now: ServiceFixture.now) }
        #expect(keyID == before)
    }

    @Test("A signing key that appears unannounced is published at once and signs after the announcement period")
    func anUnannouncedKeyIsHeldBackAndPublishedMeanwhile() throws {
        let before = keyID
        let now = ServiceFixture.now
        try fixture.copyKey("rsa-3072.pem", as: "20200101T000000Z.pem")
        for _ in 0..<2 { reloader.look(now: now) }
        #expect(current.keys.map(\.state) == [.signing, .next])
        #expect(current.signingKey(at: now).keyID == before)
        // At the end of the announcement it signs, without another check of the files.
        let end = now + KeyTiming.standard.announcement
        #expect(current.signingKey(at: end - .seconds(1)).keyID == before)
        #expect(current.signingKey(at: end).keyID != before)
        // A service that starts in the meantime follows the file name alone.
        #expect(try fixture.reloader().snapshots.current.signingKey(at: now).keyID != before)
    }

    @Test("A key begins to sign and expires at its time, without a change of files")
    func aKeyWhoseTimeComesNeedsNoFileEvent() throws {
        let start = ServiceFixture.now + .seconds(3600)
        try fixture.copyKey("rsa-3072.pem", as: "\(BasicTime(start)).pem")
        for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
        #expect(current.keys.map(\.state) == [.signing, .next])
        reloader.look(now: start)
        #expect(current.keys.map(\.state) == [.published, .signing])
        reloader.look(now: start + .seconds(1320))
        #expect(current.keys.map(\.state) == [.expired, .signing])
    }

    @Test("A key begins to sign at its time even if the clients file is invalid")
    func aKeysTimeComesThoughTheClientsFileIsBroken() throws {
        let start = ServiceFixture.now + .seconds(3600)
        try fixture.copyKey("rsa-3072.pem", as: "\(BasicTime(start)).pem")
        for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
        let before = keyID
        try fixture.folder.write("clients: [", to: "clients.yaml")
        for _ in 0..<3 { reloader.look(now: start) }
        #expect(current.signingKey(at: start).keyID != before)
        #expect(current.clients.count == 8)
    }

    /// Mounts a Secret as Kubernetes does: links to files below `..data`, which is itself a link that is replaced.
    private func mount(_ version: String, _ vectors: [String: String]) throws {
        let keys = fixture.folder.path("keys")
        try? FileManager.default.removeItem(atPath: "\(keys)/first.pem")
        try FileManager.default.createDirectory(atPath: "\(keys)/\(version)", withIntermediateDirectories: true)
        for (name, vector) in vectors {
            try fixture.copyKey(vector, as: "\(version)/\(name)")
            try? FileManager.default.createSymbolicLink(
                atPath: "\(keys)/\(name)", withDestinationPath: "..data/\(name)")
        }
        try FileManager.default.createSymbolicLink(atPath: "\(keys)/..data_tmp", withDestinationPath: version)
        try FilePath("\(keys)/..data_tmp").rename(to: FilePath("\(keys)/..data"))
    }

    @Test("A change of a mounted Kubernetes Secret is loaded")
    func aKubernetesMountIsFollowed() throws {
        try mount("..2026_1", ["key.pem": "rsa-2048.pem"])
        let reloader = try fixture.reloader()
        let before = reloader.snapshots.current.signingKey(at: ServiceFixture.now).keyID
        try mount("..2026_2", ["key.pem": "rsa-3072.pem"])
        for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
        #expect(reloader.snapshots.current.signingKey(at: ServiceFixture.now).keyID != before)
    }

    @Test("A key that replaces another under its mounted name is held back while an announced key can sign")
    func anotherKeyUnderAMountedNameIsHeldBackBesideOneThatWorks() throws {
        let second = "20200101T000000Z.pem"
        try mount("..2026_1", ["key.pem": "rsa-2048.pem", second: "rsa-3072.pem"])
        let reloader = try fixture.reloader()
        let signer = reloader.snapshots.current.signingKey(at: ServiceFixture.now).keyID
        // The two keys swap names: the expired one, which no verifier has cached, does not sign at once.
        try mount("..2026_2", ["key.pem": "rsa-3072.pem", second: "rsa-2048.pem"])
        for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
        #expect(reloader.snapshots.current.signingKey(at: ServiceFixture.now).keyID == signer)
        #expect(reloader.snapshots.current.keys.map(\.state) == [.signing, .next])
        // A new key takes the later name.
        try mount("..2026_3", ["key.pem": "rsa-3072.pem", second: "rsa-2048-exponent3.pem"])
        let later = ServiceFixture.now + .seconds(300)
        for _ in 0..<2 { reloader.look(now: later) }
        #expect(reloader.snapshots.current.signingKey(at: later).keyID == signer)
        #expect(reloader.snapshots.current.keys.last?.since == later + KeyTiming.standard.announcement)
    }

    @Test("After the clock was set back, the key of the earlier time signs")
    func aClockThatIsSetBackFindsTheKeyOfItsTime() throws {
        let start = ServiceFixture.now + .seconds(86400)
        try fixture.copyKey("rsa-3072.pem", as: "\(BasicTime(start)).pem")
        for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
        let before = keyID
        reloader.look(now: start + .seconds(86400))
        #expect(current.keys.map(\.state) == [.expired, .signing])
        reloader.look(now: ServiceFixture.now)
        #expect(current.keys.map(\.state) == [.signing, .next])
        #expect(keyID == before)
        // It signs even before the next check, as long as it is published.
        reloader.look(now: start)
        #expect(current.keys.map(\.state) == [.published, .signing])
        #expect(keyID == before)
    }

    @Test("A reload that failed for a temporary reason is retried")
    func whatFailedForAPassingReasonIsTriedAgain() throws {
        let start = ServiceFixture.now + .seconds(30)
        try FileManager.default.removeItem(atPath: fixture.folder.path("keys/first.pem"))
        try fixture.copyKey("rsa-3072.pem", as: "\(BasicTime(start)).pem")
        let before = keyID
        for _ in 0..<3 { reloader.look(now: ServiceFixture.now) }
        // No key in the folder can sign yet, so the old key continues to sign.
        #expect(keyID == before)
        reloader.look(now: ServiceFixture.now + .seconds(9))
        #expect(current.signingKey(at: start).keyID == before)
        reloader.look(now: start)
        #expect(current.signingKey(at: start).keyID != before)
    }

    @Test("A change of a file's mode alone causes a reload")
    func aChangeOfModeAloneIsNoticed() throws {
        let path = fixture.folder.path("keys/first.pem")
        try fixture.copyKey("rsa-3072.pem", as: "20200101T000000Z.pem")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        for _ in 0..<3 { reloader.look(now: ServiceFixture.now) }
        // The key that others can read stays as it was, and the other one is in use.
        #expect(!reloader.lastStatus.isApplied)
        #expect(current.keys.count == 2)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
        #expect(reloader.lastStatus.isApplied)
    }
}
