import AccessToken
import Foundation
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct KeysFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var keys: KeysFolder { KeysFolder(FilePath(folder.path("")), algorithm: .rs256) }

    private func copy(_ vector: String, to name: String, permissions: Int = 0o600) throws {
        try folder.write(
            String(contentsOf: TestVectors.url("keys/\(vector)"), encoding: .utf8), to: name, permissions: permissions)
    }

    @Test(
        "A key file that cannot be used is reported with the reason",
        arguments: [
            ("rsa-1024.pem", "is an RSA key of 1024 bits; RFC 7518 section 3.3 asks for 2048 or more"),
            ("certificate.pem", "it is a certificate, not a key"),
            ("rsa-2048.pub.pem", "it is a public key, not a private one"),
            ("rsa-2048-encrypted.pem", "it is encrypted with a passphrase"),
            ("ed448.pem", "it is not an RSA, P-256, P-384, P-521 or Ed25519 key"),
        ])
    func saysWhatIsWrongWithAFile(vector: String, message: String) throws {
        try copy(vector, to: "key.pem")
        let error = #expect(throws: InvalidConfiguration.self) { try keys.load() }
        #expect(error?.problems.map(\.message) == [message])
    }

    @Test("A key of a kind that no offered algorithm accepts is refused, with the supported kinds")
    func refusesAKindOfKey() throws {
        let key = try PrivateKey.generate(on: .p521)
        try folder.write(
            key.pem().withBytes { pem in String(decoding: pem.indices.map { pem[$0] }, as: UTF8.self) }, to: "key.pem")
        let error = #expect(throws: InvalidConfiguration.self) { try keys.load() }
        let kinds = "RSA, P-256, P-384 and Ed25519"
        #expect(
            error?.problems.map(\.message) == ["is an unsupported kind of key; access tokens are signed with \(kinds)"])
    }

    @Test("A private key that other users can access is refused", arguments: [0o640, 0o604, 0o644, 0o660, 0o601])
    func refusesAPrivateKeyThatOthersCanRead(permissions: Int) throws {
        try copy("rsa-2048.pem", to: "key.pem", permissions: permissions)
        let error = #expect(throws: InvalidConfiguration.self) { try keys.load() }
        #expect(error?.problems.first?.message == "holds a secret that other users can read")
        #expect(error?.problems.first?.hint == "chmod 600 \(FilePath(folder.path("")).appending("key.pem"))")
    }

    @Test("A public key may be readable by all users")
    func aPublicKeyMayBeReadByAll() throws {
        try copy("rsa-2048.pub.pem", to: "old.pub.pem", permissions: 0o644)
        let loaded = try keys.load()
        #expect(loaded.map(\.name.description) == ["old.pub.pem"])
    }

    @Test("The problems of all files are reported at once")
    func reportsEveryFileAtOnce() throws {
        try copy("rsa-1024.pem", to: "a.pem")
        try folder.write("x", to: "b.pem")
        try copy("rsa-2048.pem", to: "20261399T000000Z.pem")
        try copy("rsa-2048.pem", to: "c.pem")
        try copy("rsa-2048-pkcs1.pem", to: "d.pem")
        try FileManager.default.createDirectory(atPath: folder.path("e.pem"), withIntermediateDirectories: true)
        let error = #expect(throws: InvalidConfiguration.self) { try keys.load() }
        #expect(
            error?.problems.map(\.message) == [
                "the name begins like a UTC time (20261123T093000Z) but is none",
                "is an RSA key of 1024 bits; RFC 7518 section 3.3 asks for 2048 or more", "it holds no PEM block",
                "is the same key as c.pem, or has its kid", "is not a regular file",
            ])
    }

    @Test("Files that are not keys are skipped")
    func passesOverOtherFiles() throws {
        try folder.write("", to: "README.md", permissions: 0o644)
        try folder.write("", to: ".gitignore", permissions: 0o644)
        #expect(try keys.load().isEmpty)
    }

    @Test("A generated key is read back and is named after its algorithm", arguments: SignatureAlgorithm.offered)
    func generatesWhatItReads(algorithm: SignatureAlgorithm) throws {
        let folder = KeysFolder(FilePath(self.folder.path("new")), algorithm: algorithm)
        let key = try folder.signing(algorithm).generateNext(now: NumericDate(0))
        #expect(key.name.description == "\(algorithm.name.lowercased()).pem")
        #expect(try folder.load().map(\.algorithm) == [algorithm])
        #expect(key.name.start == nil)
        #expect(try folder.load().map(\.keyID) == [key.keyID])
        let attributes = try FileManager.default.attributesOfItem(
            atPath: folder.path.appending(key.name.description).string)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let folderAttributes = try FileManager.default.attributesOfItem(atPath: folder.path.string)
        #expect(folderAttributes[.posixPermissions] as? Int == 0o700)
    }

    @Test("A second key begins when every cache can have it")
    func aSecondKeySignsWhenEveryCacheCanHoldIt() throws {
        let now = NumericDate(1_795_426_200)
        _ = try keys.signing(.es256).generateNext(now: now)
        let second = try keys.signing(.es256).generateNext(now: now)
        #expect(second.name.description == "20261123T093600Z-es256.pem")
        #expect(second.name.start == now + KeyTiming.standard.announcement)
    }

    @Test("A generated key never overwrites a file")
    func neverOverwritesAKey() throws {
        let key = try keys.signing(.es256).generate(start: nil)
        #expect(throws: KeyRotationError.sameSecond) { try keys.signing(.es256).generate(start: nil) }
        #expect(try keys.load().map(\.keyID) == [key.keyID])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == ["es256.pem"])
    }

    @Test("A missing keys folder is reported")
    func aMissingFolderIsRefused() throws {
        let error = #expect(throws: InvalidConfiguration.self) {
            try KeysFolder(FilePath(folder.path("none")), algorithm: .rs256).load()
        }
        #expect(error?.problems.first?.message == "there is no such folder")
    }
}
