import AccessToken
import Foundation
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Keys that stay in another place: `.key-uri` files with their public halves beside them.
@Suite struct RemoteKeysTests {
    private let folder: TemporaryFolder
    private let keys: KeysFolder
    private let now = NumericDate(1_795_426_200)
    private let uri: KeyURI
    private let publicKey: PublicKey

    init() throws {
        folder = try TemporaryFolder()
        keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .es256, places: [.pkcs11], access: .service)
        try keys.path.createFolder(.ownerReadWriteExecute)
        uri = try KeyURI("pkcs11:token=writ;object=signing")
        publicKey = try PrivateKey.generate(on: .p256).publicKey
    }

    private var remote: RemoteKey { RemoteKey(uri, publicKey) }

    private var files: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: keys.path.string).sorted().filter {
                $0 != FolderLock.fileName
            }
        }
    }

    private func write(_ name: String, uri text: String? = nil, pin: String? = nil) throws {
        try folder.write(text ?? "\(uri)\n", to: "keys/\(name).key-uri")
        try folder.write(try pin ?? publicKey.pem(), to: "keys/\(name).pub.pem")
    }

    private func newPublicKey() throws -> RemoteKey { RemoteKey(uri, try PrivateKey.generate(on: .p256).publicKey) }

    @Test("A URI and its public half are one key, which signs by its name as any key does")
    func pair() throws {
        try write("20261201T000000Z-kid=blue")
        let reading = try keys.read()
        #expect(reading.problems.isEmpty)
        let key = try #require(reading.signing.first)
        #expect(reading.signing.count == 1)
        #expect(key.remoteKey?.uri == uri)
        #expect(key.keyID == "blue")
        #expect(key.algorithm == .es256)
        #expect(try keys.signing.names().map(\.description) == ["20261201T000000Z-kid=blue.key-uri"])
        // Without the URI, the public half is a key that verifies.
        try FileManager.default.removeItem(atPath: folder.path("keys/20261201T000000Z-kid=blue.key-uri"))
        #expect(try keys.read(after: reading).signing.map(\.name.content) == [.verifying])
    }

    @Test(
        "What does not check is out, with the reason",
        arguments: [
            ("https://example.com", nil, "holds a URI that is no pkcs11: URI"),
            ("pkcs11:token=a;object=b?pin-value=1234", nil, "holds a URI that holds a PIN"),
            ("pkcs11:token=a;object=b\npkcs11:token=c", nil, "holds a URI that"),
            ("", nil, "holds a URI that"),
            ("vault+https://vault.example.com/transit/keys/a", nil, "the settings have no login at Vault"),
            (nil, "none", "has a public half beside it, in .pub.pem, which is not usable"),
        ] as [(String?, String?, String)])
    func broken(uri: String?, pin: String?, message: String) throws {
        try write("a", uri: uri, pin: pin)
        let reading = try keys.read()
        #expect(reading.signing.isEmpty)
        #expect(reading.problems.count == 1)
        let text = try #require(reading.problems.first).message
        #expect(text.contains(message), "\(text)")
        #expect(!text.contains("1234"))
    }

    @Test("A URI without its public half is out")
    func noPin() throws {
        try folder.write("\(uri)", to: "keys/a.key-uri")
        #expect(try keys.read().problems.map(\.message) == [KeyFileError.noPublicHalf.description])
        #expect(try keys.read().lacksKeyInForce(at: now))
    }

    @Test("A public half that is replaced is read again")
    func newPin() throws {
        try write("a")
        let reading = try keys.read()
        try folder.write(try newPublicKey().publicKey.pem(), to: "keys/a.pub.pem")
        let next = try keys.read(after: reading)
        #expect(next.signing.first?.keyID != reading.signing.first?.keyID)
    }

    @Test("A rotation writes both files, and removes both of an expired key")
    func rotation() throws {
        let chain = keys.signing
        let first = try chain.generateNext(remote: remote, now: now)
        #expect(try files == ["es256.key-uri", "es256.pub.pem"])
        #expect(try String(contentsOfFile: folder.path("keys/es256.key-uri"), encoding: .utf8) == "\(uri)\n")
        // From another place, and back to a file.
        let next = try newPublicKey()
        let second = try chain.rotate(
            in: .seconds(600), isForced: false, remote: next, longestLifetime: .seconds(900), now: now)
        #expect(second.new.name.content == .remote)
        let third = try chain.rotate(in: .seconds(1200), isForced: false, longestLifetime: .seconds(900), now: now)
        #expect(third.new.name.content == .signing)
        #expect(try chain.names() == [first.name, second.new.name, third.new.name])
        let late = now + .seconds(100_000)
        for name in try files { try folder.setTime(of: "keys/\(name)", toSecondsSince1970: now.seconds) }
        let fourth = try chain.rotate(in: .seconds(600), isForced: false, longestLifetime: .seconds(900), now: late)
        #expect(fourth.removed == [first.name, second.new.name])
        #expect(try files == [third.new.name, fourth.new.name].map(\.description))
    }

    @Test("A key that is in the folder is not taken up again")
    func sameKey() throws {
        _ = try keys.signing.generateNext(remote: remote, now: now)
        #expect(throws: KeyRotationError.keyIsThere) {
            try keys.signing.generateNext(remote: remote, now: now)
        }
        #expect(try files == ["es256.key-uri", "es256.pub.pem"])
    }

    @Test("A key that is in the folder under a kid of its own is not taken up again")
    func sameKeyUnderAnotherName() throws {
        try write("kid=blue")
        #expect(throws: KeyRotationError.keyIsThere) {
            try keys.signing.generateNext(remote: remote, now: now)
        }
    }

    @Test("What an interrupted command has left is named, and is not taken for the other key of a second")
    func leftPin() throws {
        try folder.write(try publicKey.pem(), to: "keys/es256.pub.pem")
        #expect(throws: KeyRotationError.publicHalfIsThere(try #require(try KeyFileName("es256.pub.pem")))) {
            try keys.signing.generateNext(remote: try newPublicKey(), now: now)
        }
        try FileManager.default.removeItem(atPath: folder.path("keys/es256.pub.pem"))
        _ = try keys.signing.generateNext(remote: remote, now: now)
        _ = try keys.signing.generateNext(in: .seconds(600), remote: try newPublicKey(), now: now)
        #expect(throws: KeyRotationError.sameSecond) {
            try keys.signing.generateNext(in: .seconds(600), remote: try newPublicKey(), now: now)
        }
    }

    @Test("A key that is retired loses both files, and one that was made elsewhere takes its place")
    func retirement() throws {
        let first = try keys.signing.generateNext(remote: remote, now: now)
        let (chain, key) = try keys.find(first.keyID)
        let replacement = try #require(
            try chain.retire(key, remote: try newPublicKey(), longestLifetime: .seconds(900), now: now))
        #expect(replacement.name.content == .remote)
        #expect(try files == [replacement.name, try #require(replacement.name.publicHalf)].map(\.description))
    }

    @Test("A plan is due as for any key, and a name that another replica has made is no error")
    func automatic() throws {
        let plan = try RotationPlan(every: .seconds(86400), announce: .seconds(600))
        try write("20261123T000000Z")
        let due = try NumericDate(rfc3339: "2026-11-23T23:55:00Z")
        let chain = keys.signing
        #expect(try !chain.isDue(plan, now: due - .seconds(3600)))
        #expect(try chain.isDue(plan, now: due))
        let key = try #require(try chain.generateIfDue(plan, remote: try newPublicKey(), now: due))
        #expect(key.name.content == .remote)
        #expect(try chain.generateIfDue(plan, remote: try newPublicKey(), now: due) == nil)
        #expect(try files.count == 4)
    }

    @Test("A Secret of Kubernetes has both files of such a key, and gets both of the next one")
    func secret() throws {
        let data = [("es256.key-uri", "\(uri)"), ("es256.pub.pem", try publicKey.pem())].map { name, text in
            "\"\(name)\":\"\(Data(text.utf8).base64EncodedString())\""
        }
        let text = #"{"kind":"Secret","data":{\#(data.joined(separator: ","))}}"#
        var secret = try KeysSecret(reading: Array(text.utf8))
        let (isDue, present) = try secret.nextSigningKey(like: keys, in: .seconds(600), isForced: false, now: now)
        #expect(isDue)
        // What keeps a rotation from being done is said before a key is made for it.
        #expect(throws: KeyRotationError.tooSoon(atLeast: KeyTiming.standard.announcement)) {
            try secret.nextSigningKey(like: keys, in: .zero, isForced: false, now: now)
        }
        #expect(present.map(\.remoteKey?.uri) == [uri])
        let rotations = try secret.rotate(
            like: keys, in: .seconds(600), isForced: false, remote: try newPublicKey(),
            lifetimes: TokenLifetimes(accessToken: .seconds(900), refreshToken: .seconds(900)), now: now)
        let new = try #require(rotations.first?.new)
        #expect(new.name.content == .remote)
        #expect(secret.files.map(\.name).contains(try #require(new.name.publicHalf).description))
        #expect(try !secret.nextSigningKey(like: keys, in: .seconds(600), isForced: false, now: now).isDue)
    }
}
