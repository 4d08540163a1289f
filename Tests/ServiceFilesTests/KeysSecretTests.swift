import AccessToken
import Foundation
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `writ keys rotate --secret-manifest`
@Suite struct KeysSecretTests {
    private let folder: TemporaryFolder
    private let now = NumericDate(1_795_426_200)

    init() throws { folder = try TemporaryFolder() }

    private func configuration(_ more: String = "") throws -> ServiceConfiguration {
        try folder.write("issuer: http://localhost\nkeys: none\n\(more)", to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
    }

    private static func pem(_ name: String) throws -> String {
        String(decoding: try TestVectors.octets("keys/\(name)"), as: UTF8.self)
    }

    /// A Secret as the API server gives it, with these contents of files.
    private func secret(
        _ files: [(String, String)], changed: String = "2020-01-01T00:00:00Z", more: String = ""
    ) throws -> KeysSecret {
        let data = files.map { "\"\($0.0)\":\"\(Data($0.1.utf8).base64EncodedString())\"" }.joined(separator: ",")
        let metadata = """
            {"name":"writ-keys","resourceVersion":"41","creationTimestamp":"2020-01-01T00:00:00Z","labels":{"a":"b"},
            "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"a copy","c":"d"},
            "managedFields":[{"manager":"m","time":"\(changed)"}]}
            """
        let text =
            #"{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":\#(metadata),"data":{\#(data)}\#(more)}"#
        return try KeysSecret(reading: Array(text.utf8))
    }

    private func rotate(
        _ secret: inout KeysSecret, in delay: Duration = .seconds(3600), isForced: Bool = false, more: String = "",
        at now: NumericDate? = nil
    ) throws -> [SecretRotation] {
        let configuration = try configuration(more)
        return try secret.rotate(
            like: configuration.keysInSecret, in: delay, isForced: isForced, lifetimes: configuration.lifetimes(of: []),
            now: now ?? self.now)
    }

    private func names(_ secret: KeysSecret) -> [String] { secret.files.map(\.name) }

    private var sealing: String { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" }

    @Test("The next signing key and the next sealing key are added, and all else stays as it is")
    func theNextKeys() throws {
        var secret = try secret([("rs256.pem", Self.pem("rsa-2048.pem")), ("a.sealing", sealing), ("note", "x")])
        let before = secret.files
        let rotations = try rotate(&secret)
        #expect(Array(secret.files.prefix(3)) == before)
        #expect(names(secret).suffix(2) == ["20261123T103000Z-rs256.pem", "20261123T103000Z-xaes-256-gcm.sealing"])
        #expect(rotations.map { $0.new?.name.description } == names(secret).suffix(2).map { $0 })
        #expect(rotations.allSatisfy { $0.removed.isEmpty && $0.announced == nil })

        let object = try #require(secret.json.object)
        #expect(object.members.map(\.name) == ["apiVersion", "kind", "type", "metadata", "data"])
        let metadata = try #require(object["metadata"]?.object)
        #expect(metadata["resourceVersion"] == .string("41"))
        #expect(metadata["labels"] == .object(JSONObject([.init("a", .string("b"))])))
        // The copy that `kubectl apply` keeps holds private keys.
        #expect(metadata["annotations"] == .object(JSONObject([.init("c", .string("d"))])))
        #expect(metadata["managedFields"] != nil)

        let name = try #require(try KeyFileName("20261123T103000Z-rs256.pem"))
        let pem = try #require(try secret.contents(of: name))
        #expect(try PrivateKey(pem: pem).type == .rsa(bits: 2048))
        #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
    }

    @Test("A Secret whose next keys are there already stays as it is")
    func aSecondRunChangesNothing() throws {
        var secret = try secret([("rs256.pem", Self.pem("rsa-2048.pem")), ("a.sealing", sealing)])
        _ = try rotate(&secret)
        let after = secret.json
        let rotations = try rotate(&secret, at: now + .seconds(60))
        #expect(secret.json == after)
        #expect(rotations.map(\.new) == [nil, nil])
        #expect(rotations.map { $0.announced?.start } == [now + .seconds(3600), now + .seconds(3600)])
        // At once is at once.
        #expect(try rotate(&secret, in: .zero, isForced: true).allSatisfy { $0.new != nil })
    }

    @Test(
        "Expired keys are removed, but not while replicas may hold back the one that follows",
        arguments: [("2020-01-01T00:00:00Z", true), ("2026-11-23T09:29:00Z", false), ("not said", false)])
    func expiredKeys(changed: String, isRemoved: Bool) throws {
        let old = "20200101T000000Z-rs256.pem"
        var secret = try secret(
            [(old, Self.pem("rsa-2048.pem")), ("20210101T000000Z-rs256.pem", Self.pem("rsa-2048-exponent3.pem"))],
            changed: changed)
        let rotations = try rotate(&secret)
        #expect(rotations[0].removed.map(\.description) == (isRemoved ? [old] : []))
        #expect(names(secret).contains(old) == !isRemoved)
        #expect(names(secret).contains("20210101T000000Z-rs256.pem"))
        // A first sealing key has no predecessor.
        #expect(rotations[1].new?.name.description == "xaes-256-gcm.sealing")
    }

    @Test("Keys are made for the configured algorithm, and encrypted with the passphrase")
    func algorithmAndPassphrase() throws {
        try folder.write("correct horse\n", to: "passphrase")
        var secret = try secret([("first.pem", Self.pem("rsa-2048-encrypted.pem"))])
        let more = "keys_passphrase_file: passphrase\naccess_token: { algorithm: ES256 }\n"
        // ES256 has no key yet, so its first one has no time.
        #expect(try rotate(&secret, more: more)[0].new?.name.description == "es256.pem")
        let name = try #require(try KeyFileName("es256.pem"))
        let pem = try #require(try secret.contents(of: name))
        #expect(throws: KeyError.encrypted) { try PrivateKey(pem: pem) }
    }

    @Test("Without a signing key, or too soon, nothing is rotated")
    func refusals() throws {
        for files in [[], [("a.sealing", sealing)], [("old.pub.pem", try Self.pem("rsa-2048.pub.pem"))]] {
            var secret = try secret(files)
            #expect(throws: KeyRotationError.noKeys(FilePath(KeysSecret.place))) { try rotate(&secret) }
            #expect(names(secret) == files.map(\.0))
        }
        var secret = try secret([("rs256.pem", Self.pem("rsa-2048.pem"))])
        #expect(throws: KeyRotationError.tooSoon(atLeast: .seconds(360))) { try rotate(&secret, in: .seconds(359)) }
    }

    @Test("Files that do not check are reported by their names")
    func damagedFiles() throws {
        var secret = try secret([
            ("a.pem", "half"), ("b.pem", Self.pem("rsa-2048.pem")), ("c.pub.pem", Self.pem("certificate.pem")),
        ])
        let error = #expect(throws: InvalidConfiguration.self) { try rotate(&secret) }
        #expect(
            error?.problems.map { "\($0.place): \($0.message)" } == [
                "standard input/a.pem: it holds no PEM block",
                "standard input/c.pub.pem: it is a certificate, not a key",
            ])
        var named = try self.secret([("20269999T000000Z.pem", Self.pem("rsa-2048.pem"))])
        #expect(throws: InvalidConfiguration.self) { try rotate(&named) }
        let text = #"{"kind":"Secret","data":{"a.pem":"*"}}"#
        var noBase64 = try KeysSecret(reading: Array(text.utf8))
        let other = #expect(throws: InvalidConfiguration.self) { try rotate(&noBase64) }
        #expect(other?.problems.map(\.message) == ["is not base64"])
    }

    @Test(
        "What is no Secret that can be replaced is refused",
        arguments: [
            "", "kind: Secret", "[]", #"{"kind":"List","items":[]}"#, #"{"kind":"ConfigMap","data":{}}"#,
            #"{"kind":"Secret","immutable":true,"data":{}}"#, #"{"kind":"Secret","data":{},"data":{}}"#,
        ])
    func noSecrets(text: String) {
        #expect(throws: InvalidConfiguration.self) { try KeysSecret(reading: Array(text.utf8)) }
    }
}
