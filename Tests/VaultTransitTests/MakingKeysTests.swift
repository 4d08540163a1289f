import JOSE
import Libcrypto
import OAuth
import Testing

@testable import VaultTransit

@Suite(.timeLimit(.minutes(1))) struct MakingKeysTests {
    @Test("A new key is of the algorithm's type, and Transit never gives it out", arguments: SignatureAlgorithm.offered)
    func makesKeys(algorithm: SignatureAlgorithm) async throws {
        let stub = try TransitStub(algorithm, versions: 0)
        try await stub.serve { store, uri in
            let key = try await store.makeKey(at: .vault(uri), for: algorithm, named: "ignored")
            #expect(key.uri == .vault(uri))
            #expect(key.publicKey.components == (try stub.publicKey()?.components))
            let signature = try await store.sign(TransitStub.message, with: key, algorithm)
            #expect(try stub.isSignature(signature, of: key.publicKey))
        }
        let type = try #require(algorithm.transitKeyType)
        #expect(
            stub.calls(.create).map(\.body) == [
                JSONObject([
                    .init("type", .string(type)), .init("exportable", false), .init("allow_plaintext_backup", false),
                ])
            ])
        #expect(stub.calls(.create).first?.path == "/v1/team/transit/keys/writ")
    }

    @Test("A key that is there gets a new version, which is the newest; the earlier one signs on")
    func makesVersions() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, uri in
            let first = try await store.key(at: .vault(uri))
            _ = try await store.sign(TransitStub.message, with: first, .es256)
            let second = try await store.makeKey(at: .vault(uri), for: .es256, named: "")
            #expect(second.publicKey.components == (try stub.publicKey(2)?.components))
            #expect(second.publicKey.components != first.publicKey.components)
            #expect(try await store.key(at: .vault(uri)).publicKey.components == second.publicKey.components)
            for key in [first, second] { _ = try await store.sign(TransitStub.message, with: key, .es256) }
        }
        #expect(stub.calls(.rotate).map(\.path) == ["/v1/team/transit/keys/writ/rotate"])
        #expect(stub.calls(.create).isEmpty)
        #expect(stub.calls(.sign).map { $0.body["key_version"] } == [1, 1, 2])
    }

    @Test(
        "A key of another type, or one that can leave Transit, gets no new version",
        arguments: [
            (.rs256, "", "which does not sign RS256"), (.es384, "", "which does not sign ES384"),
            (.es256, #","allow_plaintext_backup":true"#, "can give its private key out"),
            (.es256, #","derived":true"#, "for derived keys alone"),
            (.es256, #","soft_deleted":true"#, "marked as deleted"),
        ] as [(SignatureAlgorithm, String, String)])
    func refusesOtherKeys(algorithm: SignatureAlgorithm, members: String, text: String) async throws {
        let stub = try TransitStub()
        stub.change { $0.members = members }
        try await stub.serve { store, uri in
            let error = await expect(code: .unsupported) {
                try await store.makeKey(at: .vault(uri), for: algorithm, named: "")
            }
            #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
        }
        #expect(stub.calls(.rotate).isEmpty)
    }

    @Test("If the engine is missing, the error says so")
    func namesAMissingEngine() async throws {
        let stub = try TransitStub(versions: 0)
        let missing = TransitStub.Reply.status(404, #"{"errors":["no handler for route"]}"#)
        stub.reply(to: .read, missing)
        stub.reply(to: .create, missing)
        try await stub.serve { store, uri in
            let error = await expect(code: .noSuchKey) {
                try await store.makeKey(at: .vault(uri), for: .es256, named: "")
            }
            #expect(error?.description.contains("no Transit engine") == true)
        }
    }

    @Test("An answer without a new version is no success: a server that only seems to rotate is reported")
    func checksTheVersion() async throws {
        let stub = try TransitStub()
        stub.reply(to: .rotate, .status(204, ""))
        try await stub.serve { store, uri in
            await expect(code: .unavailable) { try await store.makeKey(at: .vault(uri), for: .es256, named: "") }
        }
    }

    @Test("A new key that a standby does not show yet is reported as that")
    func namesAStandby() async throws {
        let stub = try TransitStub(versions: 0)
        let missing = TransitStub.Reply.status(404, #"{"errors":[]}"#)
        stub.reply(to: .read, missing, missing)
        try await stub.serve { store, uri in
            let error = await expect(code: .unavailable) {
                try await store.makeKey(at: .vault(uri), for: .es256, named: "")
            }
            #expect(error?.hint?.contains("keys adopt") == true)
        }
    }

    @Test("A rotation whose answer is lost is not repeated")
    func rotatesOnce() async throws {
        let stub = try TransitStub()
        stub.reply(to: .rotate, .half)
        try await stub.serve { store, uri in
            await expect(code: .unavailable) { try await store.makeKey(at: .vault(uri), for: .es256, named: "") }
        }
        #expect(stub.calls(.rotate).count == 1)
    }

    @Test(
        "A key that signs no tokens is refused",
        arguments: [
            #"{"data":{"type":"aes256-gcm96","latest_version":1,"keys":{"1":1796065288}}}"#,
            #"{"data":{"type":"ed25519","derived":true,"latest_version":1,"keys":{"1":{"public_key":""}}}}"#,
            #"{"data":{"type":"x\u0600","latest_version":1,"keys":{"1":{"public_key":"QUJD"}}}}"#,
            #"{"data":{"type":"rsa-2048","latest_version":2,"keys":{"1":{"public_key":"x"}}}}"#,
        ])
    func refusesUnusableKeys(text: String) async throws {
        let stub = try TransitStub()
        stub.reply(to: .read, .text(text))
        try await stub.serve { store, uri in
            await expect(code: .unsupported) { try await store.key(at: .vault(uri)) }
        }
    }

    @Test(
        "A description in another form is no description",
        arguments: [
            "{}", #"{"data":[]}"#, #"{"data":{"type":"rsa-2048","keys":{}}}"#,
            #"{"data":{"latest_version":1,"keys":{}}}"#,
            #"{"data":{"type":"rsa-2048","latest_version":0,"keys":{}}}"#,
            #"{"data":{"type":"rsa-2048","latest_version":1}}"#,
            #"{"data":{"type":"rsa-2048","latest_version":"1","keys":{}}}"#, "[1]", "{",
        ])
    func refusesOtherDescriptions(text: String) async throws {
        let stub = try TransitStub()
        stub.reply(to: .read, .text(text))
        try await stub.serve { store, uri in
            await expect(code: .unavailable) { try await store.key(at: .vault(uri)) }
        }
    }

    @Test("Removing a key sends nothing: Transit removes all versions or none")
    func discardsNothing() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, uri in
            let key = try await store.key(at: .vault(uri))
            await store.discard(key)
        }
        #expect(stub.change { $0.calls.count } == 1)
    }
}
