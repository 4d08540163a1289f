import AccessToken
import Foundation
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Reading the keys folder file by file.
@Suite struct KeysReadingTests {
    private let folder: TemporaryFolder
    private let keys: KeysFolder

    init() throws {
        folder = try TemporaryFolder()
        keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .rs256, access: .service)
        try keys.path.createFolder(.ownerReadWriteExecute)
        try copy("rsa-2048.pem", to: "first.pem")
        try copy("rsa-3072.pem", to: "20270101T000000Z.pem")
        try folder.write("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", to: "keys/first.sealing")
    }

    private func copy(_ vector: String, to name: String) throws {
        try folder.write(String(contentsOf: TestVectors.url("keys/\(vector)"), encoding: .utf8), to: "keys/\(name)")
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: folder.path("keys/\(name)"))
    }

    private func names(_ reading: KeysReading) -> [String] {
        (reading.signing.map(\.name) + reading.sealing.map(\.name)).map(\.description)
    }

    private let all = ["first.pem", "20270101T000000Z.pem", "first.sealing"]

    @Test("A new file that does not check is out and reported, and takes out no other key")
    func aNewFileThatDoesNotCheck() throws {
        let former = try keys.read()
        for (name, text) in [("old.pub.pem", "none"), ("20280101T000000Z.pem", "half"), ("b.sealing", "x")] {
            try folder.write(text, to: "keys/\(name)")
        }
        for former in [former, nil] {
            let reading = try keys.read(after: former)
            #expect(names(reading) == all)
            #expect(reading.problems.count == 3)
            #expect(
                reading.missing.map(\.description).sorted() == ["20280101T000000Z.pem", "b.sealing", "old.pub.pem"])
        }
    }

    @Test("A file that no longer checks keeps its key, as long as the file is there")
    func aFileThatNoLongerChecks() throws {
        let former = try keys.read()
        try folder.write("half", to: "keys/first.pem")
        try folder.write("half", to: "keys/first.sealing")
        var reading = try keys.read(after: former)
        #expect(names(reading) == all)
        #expect(reading.problems.count == 2 && reading.missing.isEmpty)
        // It is tried again each time.
        reading = try keys.read(after: reading)
        #expect(reading.problems.count == 2)
        try remove("first.pem")
        #expect(names(try keys.read(after: reading)) == ["20270101T000000Z.pem", "first.sealing"])
    }

    @Test("A key whose file is gone is gone, whatever else is wrong")
    func aKeyWhoseFileIsGone() throws {
        let former = try keys.read()
        try folder.write("none", to: "keys/old.pub.pem")
        try remove("first.pem")
        #expect(names(try keys.read(after: former)) == ["20270101T000000Z.pem", "first.sealing"])
    }

    @Test("In a folder that every user can write to, no file counts but one that is gone")
    func anUntrustedFolder() throws {
        let former = try keys.read()
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path("keys"))
        try copy("rsa-2048.pub.pem", to: "kid=mine.pub.pem")
        try remove("20270101T000000Z.pem")
        let reading = try keys.read(after: former)
        #expect(names(reading) == ["first.pem", "first.sealing"])
        #expect(reading.problems.map(\.message) == ["can be changed by every user of this machine"])
        #expect(throws: InvalidConfiguration.self) { try keys.read() }
    }

    @Test("A signing key has the kid in its file name, when it is listed, found and published")
    func aSigningKeyWithAKid() throws {
        try FileManager.default.moveItem(
            atPath: folder.path("keys/first.pem"), toPath: folder.path("keys/kid=MINE:2.pem"))
        let reading = try keys.read()
        #expect(reading.problems.isEmpty)
        #expect(reading.signing.map(\.keyID).first == "MINE:2")
        let found = try keys.find("MINE:2")
        #expect(found.key.name.description == "kid=MINE:2.pem")
        let policy = IssuancePolicy(issuer: try Issuer("https://a"))
        let lifetimes = TokenLifetimes(accessToken: .seconds(900), refreshToken: .seconds(900))
        let now = NumericDate(1_795_000_000)
        let scheduled = ScheduledKeys(reading, policy: policy, lifetimes: lifetimes, now: now)
        #expect(scheduled.published.keys.map(\.keyID).first == "MINE:2")
        #expect(try scheduled.signingKeys(policy).first?.key.keyID == "MINE:2")
        // The next key follows it, and it is retired by its kid.
        let next = try keys.signing.rotate(
            in: KeyTiming.standard.announcement, isForced: false, longestLifetime: .seconds(900), now: now)
        #expect(next.removed.isEmpty)
        #expect(try found.chain.retire(found.key, longestLifetime: .seconds(900), now: now) != nil)
        #expect(throws: KeyRotationError.noSuchKey) { try keys.find("MINE:2") }
    }

    @Test(
        "Of two keys with one kid, and of one key under two, the one that was there stays",
        arguments: [
            ("p256.pem", "20260101T000000Z-kid=one.pem"), ("rsa-2048.pub.pem", "a-kid=one.pub.pem"),
            ("rsa-2048.pem", "20260101T000000Z-kid=two.pem"), ("rsa-2048-pkcs1.pem", "a-kid=two.pem"),
        ])
    func twoKeysWithOneKid(vector: String, name: String) throws {
        try FileManager.default.moveItem(
            atPath: folder.path("keys/first.pem"), toPath: folder.path("keys/kid=one.pem"))
        let former = try keys.read()
        try copy(vector, to: name)
        let reading = try keys.read(after: former)
        #expect(reading.signing.map(\.name) == former.signing.map(\.name))
        #expect(reading.problems.map(\.message) == ["is the same key as kid=one.pem, or has its kid"])
    }

    @Test("If the folder itself is gone, all keys stay")
    func aFolderThatIsGone() throws {
        let former = try keys.read()
        try FileManager.default.moveItem(atPath: folder.path("keys"), toPath: folder.path("away"))
        let reading = try keys.read(after: former)
        #expect(names(reading) == all)
        #expect(reading.problems.map(\.message) == ["there is no such folder"])
    }

    private func key(_ reading: KeysReading, _ index: Int) -> PrivateKey? {
        if case .signing(let key) = reading.signing[index].material { key } else { nil }
    }

    @Test("Only files that have changed are opened again, unless all are to be")
    func onlyChangedFilesAreOpened() throws {
        let former = try keys.read()
        try copy("rsa-2048-exponent3.pem", to: "20270101T000000Z.pem")
        let reading = try keys.read(after: former)
        #expect(key(reading, 0) === key(former, 0))
        #expect(reading.signing[1].keyID != former.signing[1].keyID)
        #expect(key(try keys.read(after: reading, opensAll: true), 0) !== key(former, 0))
    }

    @Test("If several keys have no time in their names, the one that was there stays")
    func severalUntimedKeys() throws {
        let former = try keys.read()
        try copy("rsa-2048-exponent3.pem", to: "another.pem")
        let reading = try keys.read(after: former)
        #expect(names(reading) == all)
        #expect(reading.problems.count == 1)
        // A start cannot know which was there.
        #expect(names(try keys.read()).first == "another.pem")
        #expect(try keys.read().missing.map(\.description) == ["first.pem"])
    }

    @Test("Without the passphrase, which is reported once, encrypted keys stay")
    func withoutThePassphrase() throws {
        try folder.write("correct horse\n", to: "passphrase")
        let encrypted = KeysFolder(
            keys.path, algorithm: .rs256, passphraseFile: FilePath(folder.path("passphrase")), access: .service)
        _ = try encrypted.signing(.es256).generateFirst()
        let former = try encrypted.read()
        #expect(former.signing.count == 3)
        try FileManager.default.removeItem(atPath: folder.path("passphrase"))
        let reading = try encrypted.read(after: former, opensAll: true)
        #expect(reading.signing.count == 3)
        #expect(reading.problems.count == 1)
    }

    @Test(
        "A start lacks the key in force if the newest key whose time has come does not check",
        arguments: [
            ("first.pem", false), ("20270101T000000Z.pem", true), ("20290101T000000Z.pem", false),
            ("first.sealing", true), ("old.pub.pem", false),
        ])
    func theKeyInForce(broken: String, lacksKey: Bool) throws {
        try folder.write("half", to: "keys/\(broken)")
        #expect(try keys.read().lacksKeyInForce(at: NumericDate(1_830_000_000)) == lacksKey)
    }

    @Test("Questions of schedule are answered by names and times: keys that are known are not opened")
    func questionsOfSchedule() throws {
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        let chain = keys.signing.knowing(try keys.load())
        try folder.write("half", to: "keys/first.pem")
        try folder.write("half", to: "keys/20270101T000000Z.pem")
        let late = try #require(BasicTime("20270201T000000Z")).date
        #expect(try chain.expired(longestLifetime: .seconds(900), now: late).map(\.description) == ["first.pem"])
        #expect(try chain.stallingKey(of: plan, now: late) == nil)
        let made = try #require(try chain.generateIfDue(plan, now: late))
        #expect(made.name.start.map { $0 > late } == true)
        // An unknown file is opened: its name does not say what it holds.
        try folder.write("half", to: "keys/unknown.pem")
        #expect(try chain.names().contains { $0.description == "unknown.pem" } == false)
    }
}
