import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct KeyRotationTests {
    let folder: TemporaryFolder
    let keys: KeysFolder
    let now = NumericDate(1_795_426_200)

    init() throws {
        folder = try TemporaryFolder()
        keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .es256)
    }

    var files: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path("keys")).sorted())?.filter {
            $0 != FolderLock.fileName
        } ?? []
    }

    @Test("A rotation that begins before every cache can have the new key is refused")
    func schedulesPastTheCachesAndRefusesSooner() throws {
        _ = try keys.signing.generateFirst()
        #expect(throws: KeyRotationError.tooSoon(atLeast: .seconds(360))) {
            try keys.signing.rotate(in: .seconds(359), isForced: false, longestLifetime: .seconds(900), now: now)
        }
        #expect(files == ["es256.pem"])
        let rotation = try keys.signing.rotate(
            in: .seconds(360), isForced: false, longestLifetime: .seconds(900), now: now)
        #expect(rotation.new.name.description == "20261123T093600Z-es256.pem")
        #expect(rotation.removed.isEmpty)
    }

    @Test("A rotation removes the keys that are no longer published, and no others")
    func removesWhatIsNoLongerPublishedAndNothingElse() throws {
        _ = try keys.signing.generateFirst()
        _ = try rotate(in: .seconds(360), at: now)
        #expect(try rotate(in: .seconds(400), at: now + .seconds(360 + 1319)).removed.isEmpty)
        let rotation = try rotate(in: .seconds(401), at: now + .seconds(360 + 1320))
        #expect(rotation.removed.map(\.description) == ["es256.pem"])
        #expect(files.count == 3)
    }

    @Test("The predecessor of a key that services hold back is kept")
    func keepsThePredecessorOfAKeyThatServicesHoldBack() throws {
        let first = try #require(try keys.signing.generateFirst())
        // Its name says that it has signed for months, but it has only just appeared.
        let late = try keys.generate(in: keys, start: now - .seconds(90 * 86400))
        try folder.setTime(of: "keys/\(late.name)", toSecondsSince1970: now.seconds)
        #expect(try rotate(in: .seconds(360), at: now + .seconds(1)).removed.isEmpty)
        #expect(try rotate(in: .seconds(361), at: now + .seconds(360 + 1320)).removed == [first.name])
    }

    /// Rotates, and sets the time of the new key's file to that of the test's clock.
    private func rotate(in delay: Duration, at now: NumericDate) throws -> KeyRotation {
        let rotation = try keys.signing.rotate(in: delay, isForced: false, longestLifetime: .seconds(900), now: now)
        try folder.setTime(of: "keys/\(rotation.new.name)", toSecondsSince1970: now.seconds)
        return rotation
    }

    @Test("A retired key that signs is replaced by a new one")
    func retiringAKeyThatSignsPutsAnotherInItsPlace() throws {
        let first = try #require(try keys.signing.generateFirst())
        let replacement = try keys.signing.retire(first, longestLifetime: .seconds(900), now: now)
        #expect(replacement?.name.start == now - .seconds(60))
        #expect(try keys.load().map(\.keyID) == [replacement?.keyID])
        #expect(throws: KeyRotationError.noSuchKey) {
            try keys.signing.retire(first, longestLifetime: .seconds(900), now: now)
        }
    }

    @Test("An earlier key signs again when a later one is retired")
    func anEarlierKeySignsAgainWhenALaterIsRetired() throws {
        let first = try #require(try keys.signing.generateFirst())
        let second = try keys.signing.rotate(in: .zero, isForced: true, longestLifetime: .seconds(900), now: now).new
        #expect(
            try keys.signing.retire(second, longestLifetime: .seconds(900), now: now + .seconds(1)) == nil)
        #expect(try keys.load().map(\.keyID) == [first.keyID])
    }

    @Test("An expired key does not sign again when its successor is retired")
    func anExpiredKeyDoesNotSignAgain() throws {
        let first = try #require(try keys.signing.generateFirst())
        let second = try keys.signing.rotate(in: .zero, isForced: true, longestLifetime: .seconds(900), now: now).new
        try folder.setTime(of: "keys/\(second.name)", toSecondsSince1970: now.seconds)
        let late = now + .seconds(86400)
        let replacement = try keys.signing.retire(second, longestLifetime: .seconds(900), now: late)
        #expect(replacement?.name.start == late - .seconds(60))
        #expect(try keys.load().allSatisfy { $0.keyID != first.keyID })
    }

    /// If a volume is not mounted, a first key would replace the keys that verifiers have.
    @Test("A rotation in a folder without keys is refused")
    func aFolderWithoutKeysHasNoneToFollow() throws {
        let path = FilePath(folder.path("keys"))
        for _ in 0..<2 {
            #expect(throws: KeyRotationError.noKeys(path)) {
                try keys.signing.rotate(in: .seconds(360), isForced: false, longestLifetime: .seconds(900), now: now)
            }
            #expect(files.isEmpty)
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        }
        let first = try keys.signing.generateNext(now: now)
        #expect(
            try keys.sealing.rotate(in: .seconds(360), isForced: false, longestLifetime: .seconds(900), now: now)
                .new.name.start == nil)
        #expect(first.name.start == nil)
    }

    @Test("A retired key that does not sign is not replaced")
    func retiringAKeyThatDoesNotSignNeedsNoReplacement() throws {
        let first = try #require(try keys.signing.generateFirst())
        let next = try keys.signing.rotate(in: .seconds(360), isForced: false, longestLifetime: .seconds(900), now: now)
            .new
        #expect(try keys.signing.retire(next, longestLifetime: .seconds(900), now: now) == nil)
        #expect(try keys.load().map(\.keyID) == [first.keyID])
    }

    @Test("An encrypted key is read with its passphrase only")
    func encryptedKeysNeedTheirPassphrase() throws {
        try folder.write("correct horse\n", to: "passphrase")
        let encrypted = KeysFolder(
            FilePath(folder.path("keys")), algorithm: .es256, passphraseFile: FilePath(folder.path("passphrase")))
        let key = try #require(try encrypted.signing.generateFirst())
        #expect(try folder.read("keys/es256.pem").hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(try encrypted.load().map(\.keyID) == [key.keyID])

        let without = #expect(throws: InvalidConfiguration.self) { try keys.load() }
        #expect(without?.problems.first?.message == "it is encrypted with a passphrase")
        #expect(without?.problems.first?.hint?.contains("keys_passphrase_file") == true)
        try folder.write("wrong", to: "passphrase")
        let wrong = #expect(throws: InvalidConfiguration.self) { try encrypted.load() }
        #expect(wrong?.problems.first?.message == "it is encrypted with another passphrase")
        try folder.write("correct horse", to: "passphrase", permissions: 0o644)
        let open = #expect(throws: InvalidConfiguration.self) { try encrypted.load() }
        #expect(open?.problems.first?.message == "holds a secret that other users can read")
    }

    @Test(
        "A passphrase that is empty or longer than 1024 octets is refused",
        arguments: ["", "\n", String(repeating: "a", count: 1025)])
    func aPassphraseThatNoKeyOpensWithIsRefused(passphrase: String) throws {
        try folder.write(passphrase, to: "passphrase")
        let encrypted = KeysFolder(
            FilePath(folder.path("keys")), algorithm: .es256, passphraseFile: FilePath(folder.path("passphrase")))
        let error = #expect(throws: InvalidConfiguration.self) { try encrypted.signing.generateFirst() }
        #expect(error?.problems.first?.message == "is not a passphrase of 1 to 1024 octets")
        #expect(files.allSatisfy { !$0.hasSuffix(".pem") })
    }

    @Test("A passphrase of 1024 octets decrypts the key that it encrypted")
    func theLongestPassphraseOpensWhatItWrote() throws {
        try folder.write(String(repeating: "a", count: 1024), to: "passphrase")
        let encrypted = KeysFolder(
            FilePath(folder.path("keys")), algorithm: .es256, passphraseFile: FilePath(folder.path("passphrase")))
        let key = try #require(try encrypted.signing.generateFirst())
        #expect(try encrypted.load().map(\.keyID) == [key.keyID])
    }

    @Test("A key that OpenSSL has encrypted is read")
    func anEncryptedKeyOfOpenSSLOpens() throws {
        try folder.write("correct horse", to: "passphrase")
        let rsa = KeysFolder(
            FilePath(folder.path("")), algorithm: .rs256, passphraseFile: FilePath(folder.path("passphrase")))
        try folder.write(
            String(contentsOf: TestVectors.url("keys/rsa-2048-encrypted.pem"), encoding: .utf8), to: "encrypted.pem")
        #expect(try rsa.load().map(\.name.description) == ["encrypted.pem"])
    }
}

extension KeysFolder {
    /// A key that signs from `start`, for tests that need a dated one.
    func generate(in folder: KeysFolder, start: NumericDate) throws -> NamedKey {
        try folder.locked { try folder.signing.generate(start: BasicTime(start)) }
    }
}
