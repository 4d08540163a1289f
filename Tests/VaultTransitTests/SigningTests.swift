import AccessToken
import HTTPTypes
import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing
import WireText

@testable import VaultTransit

@Suite(.timeLimit(.minutes(1))) struct SigningTests {
    private func remoteKey(_ stub: TransitStub, _ uri: TransitKeyURI, version: Int = 1) throws -> RemoteKey {
        RemoteKey(.vault(uri), try #require(try stub.publicKey(version)))
    }

    @Test(
        "A signature verifies with the pinned key, for each algorithm that is offered",
        arguments: SignatureAlgorithm.offered)
    func signs(algorithm: SignatureAlgorithm) async throws {
        let stub = try TransitStub(algorithm)
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            let signature = try await store.sign(TransitStub.message, with: key, algorithm)
            #expect(try stub.isSignature(signature, of: key.publicKey))
        }
    }

    @Test(
        "Transit gets the digest and the parameters of the algorithm; for Ed25519 it gets the message",
        arguments: [
            (.rs256, "/sha2-256", ["prehashed": true, "signature_algorithm": "pkcs1v15"]),
            (.ps256, "/sha2-256", ["prehashed": true, "signature_algorithm": "pss", "salt_length": "hash"]),
            (.es256, "/sha2-256", ["prehashed": true, "marshaling_algorithm": "jws"]),
            (.es384, "/sha2-384", ["prehashed": true, "marshaling_algorithm": "jws"]),
            (.ed25519, "", [:]), (.edDSA, "", [:]),
        ] as [(SignatureAlgorithm, String, [String: JSONValue])])
    func sendsParameters(algorithm: SignatureAlgorithm, hash: String, members: [String: JSONValue]) async throws {
        let stub = try TransitStub(algorithm, versions: 2)
        try await stub.serve(namespace: "team-a") { store, uri in
            _ = try await store.sign(TransitStub.message, with: try remoteKey(stub, uri, version: 2), algorithm)
        }
        let call = try #require(stub.calls(.sign).first)
        #expect(call.path == "/v1/team/transit/sign/writ\(hash)")
        var expected = members
        expected["key_version"] = 2
        let message = TransitStub.message
        let input =
            switch algorithm.scheme {
            case .rsaPKCS1(let hash), .rsaPSS(let hash), .ecdsa(_, let hash): try hash.digest(of: message.span)
            case .ed25519: message
            }
        expected["input"] = .string(Base64.encode(input))
        #expect(Dictionary(uniqueKeysWithValues: call.body.members.map { ($0.name, $0.value) }) == expected)
        #expect(call.token == "root")
        #expect(call.headers[TransitStub.requestField] == "true")
        #expect(call.headers[TransitStub.namespaceField] == "team-a")
    }

    @Test("The description of a key is read once, and not for each signature")
    func cachesTheDescription() async throws {
        let stub = try TransitStub(versions: 3)
        try await stub.serve { store, uri in
            for version in [2, 2, 3, 1, 2] {
                _ = try await store.sign(TransitStub.message, with: try remoteKey(stub, uri, version: version), .es256)
            }
        }
        #expect(stub.calls(.sign).map { $0.body["key_version"] } == [2, 2, 3, 1, 2])
        #expect(stub.calls(.read).count == 1)
    }

    @Test("Without a cached description, callers that come together wait for one request")
    func readsTheDescriptionOnce() async throws {
        let stub = try TransitStub()
        stub.hold()
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try await store.sign(TransitStub.message, with: key, .es256) }
                }
                try await eventually { stub.heldCount == 1 }
                stub.release()
                try await group.waitForAll()
            }
        }
        #expect(stub.calls(.read).count == 1)
        #expect(stub.calls(.sign).count == 8)
    }

    @Test("Requests for signatures do not wait for each other")
    func signsAtOnce() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            _ = try await store.sign(TransitStub.message, with: key, .es256)
            stub.hold()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask { _ = try await store.sign(TransitStub.message, with: key, .es256) }
                }
                try await eventually { stub.heldCount == 64 }
                stub.release()
                try await group.waitForAll()
            }
        }
    }

    @Test("A version that was made after the description was read is found")
    func findsNewVersions() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, uri in
            _ = try await store.sign(TransitStub.message, with: try remoteKey(stub, uri), .es256)
            try stub.addVersion()
            _ = try await store.sign(TransitStub.message, with: try remoteKey(stub, uri, version: 2), .es256)
        }
        #expect(stub.calls(.read).count == 2)
    }

    @Test(
        "If no version has the pinned public key, nothing is signed, and Transit is asked again once a second at most")
    func refusesAnotherKey() async throws {
        let stub = try TransitStub(versions: 2)
        let clock = StubClock()
        let other = try PrivateKey.generate(on: .p256).publicKey
        try await stub.serve(clock: clock) { store, uri in
            func fails() async throws {
                let error = await #expect(throws: RemoteKeyError.self) {
                    try await store.sign(TransitStub.message, with: RemoteKey(.vault(uri), other), .es256)
                }
                #expect(error?.code == .wrongKey)
                #expect(error?.hint?.contains("1 to 2") == true)
            }
            for _ in 0..<5 { try await fails() }
            // One for the description, and one because it did not do.
            #expect(stub.calls(.read).count == 2)
            clock.advance(by: .seconds(1))
            for _ in 0..<5 { try await fails() }
            #expect(stub.calls(.read).count == 3)
        }
        #expect(stub.calls(.sign).isEmpty)
    }

    @Test(
        "If Vault refuses a version, its description is read again: the version is gone, or has another number",
        arguments: [400, 500])
    func looksUpARefusedVersion(status: Int) async throws {
        let stub = try TransitStub(versions: 2)
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            _ = try await store.sign(TransitStub.message, with: key, .es256)
            // The key was deleted and made again, and the version was restored with another number.
            stub.change { $0.versions[9] = $0.versions.removeValue(forKey: 1) }
            stub.reply(to: .sign, .status(status, #"{"errors":["gone"]}"#))
            _ = try await store.sign(TransitStub.message, with: key, .es256)
            #expect(stub.calls(.sign).map { $0.body["key_version"] } == [1, 1, 9])
        }
    }

    @Test("A version that is gone is no other version")
    func refusesAGoneVersion() async throws {
        let stub = try TransitStub(versions: 2)
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            _ = try await store.sign(TransitStub.message, with: key, .es256)
            stub.change { $0.versions[1] = nil }
            await expect(code: .wrongKey) { try await store.sign(TransitStub.message, with: key, .es256) }
            #expect(stub.calls(.sign).map { $0.body["key_version"] } == [1, 1])
        }
    }

    @Test("A version below min_encryption_version may not sign, and the error says which setting it is")
    func namesTheMinimum() async throws {
        let stub = try TransitStub(versions: 2)
        stub.change { $0.minimumSigningVersion = 2 }
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            let error = await expect(code: .noSuchKey) { try await store.sign(TransitStub.message, with: key, .es256) }
            #expect(error?.hint?.contains("min_encryption_version") == true)
        }
        #expect(stub.calls(.sign).isEmpty)
    }

    @Test("A key that was deleted is no key, whatever the cached description says")
    func noticesADeletedKey() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            _ = try await store.sign(TransitStub.message, with: key, .es256)
            stub.change { $0.versions = [:] }
            stub.reply(to: .sign, .status(400, #"{"errors":["signing key not found"]}"#))
            await expect(code: .noSuchKey) { try await store.sign(TransitStub.message, with: key, .es256) }
        }
    }

    @Test("A pinned key of another kind than the algorithm's is refused without a request")
    func checksThePin() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            await expect(code: .unsupported) { try await store.sign(TransitStub.message, with: key, .rs256) }
        }
        #expect(stub.calls(.read).isEmpty)
    }

    @Test("A URI of another place is refused")
    func refusesOtherPlaces() async throws {
        let stub = try TransitStub()
        try await stub.serve { store, _ in
            let uri = try KeyURI("pkcs11:object=writ")
            await expect(code: .notConfigured) { try await store.key(at: uri) }
        }
    }

    @Test(
        "A signature in another form, or of another version, is no signature",
        arguments: [
            TransitStub.signature("AAAA", 2), TransitStub.signature(""), TransitStub.signature("AA=="),
            TransitStub.signature("AAA+"), TransitStub.signature("AAAA:AAAA"), TransitStub.signature("AAAA\\u0600"),
            TransitStub.signature("\\u0600AAAA"), TransitStub.signature("AAA\\u212A"),
            #"{"data":{"signature":"vault\u0301:v1:AAAA"}}"#, #"{"data":{"signature":"vault:v01:AAAA"}}"#,
            #"{"data":{"signature":"vault:V1:AAAA"}}"#, #"{"data":{"signature":"vault:1:AAAA"}}"#,
            #"{"data":{"signature":"v1:AAAA"}}"#, #"{"data":{"signature":"vault:v\u0661:AAAA"}}"#,
            #"{"data":{"signature":7}}"#, #"{"data":{}}"#, #"{"data":null}"#, #"{"signature":"vault:v1:AAAA"}"#, "{}",
            "[]", "null", "", "vault:v1:AAAA", "<html></html>", #"{"data":{"signature":"vault:v1:AAAA"}"#,
            #"{"data":{"signature":"vault:v1:AAAA"}} "# + "x", #"{"data":{},"data":{"signature":"vault:v1:AAAA"}}"#,
        ])
    func refusesOtherForms(text: String) async throws {
        let stub = try TransitStub()
        stub.reply(to: .sign, .text(text))
        try await stub.serve { store, uri in
            let key = try remoteKey(stub, uri)
            await expect(code: .unavailable) { try await store.sign(TransitStub.message, with: key, .es256) }
            // Nothing of it is kept.
            _ = try await store.sign(TransitStub.message, with: key, .es256)
        }
    }
}
