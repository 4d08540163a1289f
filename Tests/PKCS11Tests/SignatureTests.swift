import CPKCS11
import FakeToken
import JOSE
import Libcrypto
import OAuth
import Testing

@testable import PKCS11

extension TokenTests {
    @Suite struct SignatureTests {
        /// Each algorithm that Writ offers, with the key of the token for it.
        static let all: [(String, SignatureAlgorithm)] = [
            ("rsa", .rs256), ("rsa", .ps256), ("p256", .es256), ("p384", .es384), ("ed25519", .edDSA),
            ("ed25519", .ed25519),
        ]

        @Test("RFC 7518 section 3: the token signs with every algorithm that Writ offers", arguments: all)
        func signs(label: String, algorithm: SignatureAlgorithm) async throws {
            let scene = TokenScene()
            #expect(try await scene.sign(label, algorithm, scene.store()))
        }

        @Test("Every algorithm that Writ offers has a mechanism", arguments: SignatureAlgorithm.offered)
        func hasMechanisms(algorithm: SignatureAlgorithm) {
            #expect(!SignMechanism.candidates(for: algorithm.scheme).isEmpty)
        }

        @Test(
            "If the token does not hash for RSA, the message is hashed here",
            arguments: [SignatureAlgorithm.rs256, .ps256])
        func hashesHere(algorithm: SignatureAlgorithm) async throws {
            let scene = TokenScene()
            scene.set(FakeToken_withoutHashing)
            #expect(try await scene.sign("rsa", algorithm, scene.store()))
        }

        @Test("If the token only hashes itself for a curve, it gets the message", arguments: ["p256", "p384"])
        func leavesHashToToken(label: String) async throws {
            let scene = TokenScene()
            scene.set(FakeToken_hashesForECDSA)
            #expect(try await scene.sign(label, label == "p256" ? .es256 : .es384, scene.store()))
        }

        @Test(
            "The public half may be in CKA_PUBLIC_KEY_INFO of the private key", arguments: all.filter { $0.0 != "rsa" })
        func readsPublicKeyInfo(label: String, algorithm: SignatureAlgorithm) async throws {
            let scene = TokenScene()
            scene.set(FakeToken_withoutPublicObjects)
            scene.set(FakeToken_publicKeyInfo)
            #expect(try await scene.sign(label, algorithm, scene.store()))
        }

        @Test("A mechanism that the token lacks is named")
        func namesMissingMechanism() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_withoutEdDSA)
            let error = await scene.error { try await scene.sign("ed25519", .edDSA, scene.store()) }
            #expect(error?.code == .unsupported)
            #expect(error?.description.contains("CKM_EDDSA") == true)
            #expect(error?.hint?.contains("access_token.algorithm") == true)
        }

        @Test("A point may stand bare in CKA_EC_POINT", arguments: all.filter { $0.0 != "rsa" })
        func readsBarePoints(label: String, algorithm: SignatureAlgorithm) async throws {
            let scene = TokenScene()
            scene.set(FakeToken_barePoints)
            #expect(try await scene.sign(label, algorithm, scene.store()))
        }

        @Test("A key that asks for the PIN for each signature gets it each time, after C_SignInit")
        func authenticatesEachSignature() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_alwaysAuthenticate)
            let store = scene.store()
            for _ in 0..<3 { #expect(try await scene.sign("p256", .es256, store)) }
            // One login of the user besides.
            #expect(scene.calls("C_Login") == 4)
        }

        @Test("A wrong signature is returned as it is: the caller checks it against the public half")
        func returnsWrongSignature() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_wrongSignatures)
            #expect(try await !scene.sign("p256", .es256, scene.store()))
        }

        @Test("The handle of a key is searched for once")
        func cachesHandles() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 1)
            let key = try await store.key(at: TokenScene.uri(of: "rsa"))
            _ = try await store.sign(TokenScene.message, with: key, .rs256)
            let calls = scene.calls("C_FindObjectsInit")
            for _ in 0..<5 { _ = try await store.sign(TokenScene.message, with: key, .rs256) }
            #expect(scene.calls("C_FindObjectsInit") == calls)
            #expect(scene.calls("C_OpenSession") == 1)
            #expect(scene.calls("C_Login") == 1)
        }

        @Test("Of several keys that the URI matches, the one with the pinned public half signs")
        func choosesPinnedKey() async throws {
            let scene = TokenScene()
            FakeToken_copy(2, 9, 1)
            let store = scene.store()
            let ambiguous = try TokenScene.uri(of: "rsa")
            #expect(await scene.error { try await store.key(at: ambiguous) }?.code == .noSuchKey)
            for (label, algorithm) in [("p256", SignatureAlgorithm.es256)] {
                let half = try await store.key(at: TokenScene.uri(of: label)).publicKey
                let signature = try await store.sign(
                    TokenScene.message, with: RemoteKey(ambiguous, half), algorithm)
                #expect(try TokenScene.isValid(signature, half, algorithm))
            }
        }

        @Test("A key with another public half than the pinned one does not sign")
        func refusesOtherKey() async throws {
            let scene = TokenScene()
            let store = scene.store()
            let other = RemoteKey(try TokenScene.uri(of: "p256"), try PrivateKey.generate(on: .p256).publicKey)
            let error = await scene.error { try await store.sign(TokenScene.message, with: other, .es256) }
            #expect(error?.code == .wrongKey)
            #expect(error?.hint?.contains("writ keys adopt") == true)
            #expect(scene.calls("C_SignInit") == 0)
        }

        @Test("A key whose public half the token does not have signs, if it is the only one")
        func signsWithoutPublicObject() async throws {
            let scene = TokenScene()
            let key = try await scene.store().key(at: TokenScene.uri(of: "p256"))
            scene.set(FakeToken_withoutPublicObjects)
            let store = scene.store()
            let signature = try await store.sign(TokenScene.message, with: key, .es256)
            #expect(
                try TokenScene.isValid(signature, key.publicKey, .es256))
            #expect(await scene.error { try await store.key(at: key.uri) }?.code == .unsupported)
            FakeToken_copy(3, 9, 2)
            #expect(await scene.error { try await scene.store().sign([], with: key, .es256) }?.code == .noSuchKey)
        }

        @Test("A key that is not there is no such key", arguments: ["object=none", "id=%63", "object=rsa;id=%02"])
        func findsNoKey(selector: String) async throws {
            let scene = TokenScene()
            let uri = try TokenScene.uri("pkcs11:token=Fake;\(selector)")
            let store = scene.store()
            for _ in 0..<3 { #expect(await scene.error { try await store.key(at: uri) }?.code == .noSuchKey) }
            #expect(scene.calls("C_Login") == 1)
        }

        @Test(
            "RFC 7512 section 2.4: the token is found by each attribute that the URI has",
            arguments: [
                ("token=Fake", true), ("token=Fake%20%20", true), ("token=fake", false), ("serial=42", true),
                ("serial=43", false), ("model=F1", true), ("model=F2", false), ("manufacturer=Writ%20tokens", true),
                ("manufacturer=Writ", false), ("slot-id=7", true), ("slot-id=8", false),
                ("slot-description=Fake%20slot", true), ("slot-description=Fake", false),
                ("slot-manufacturer=Writ%20slots", true), ("slot-manufacturer=Writ", false),
                ("library-manufacturer=Writ", true), ("library-manufacturer=Other", false),
                ("library-description=Fake%20library", true), ("library-description=Other", false),
                ("library-version=1.2", true), ("library-version=1", false), ("library-version=999.2", false),
                ("token=Fake;serial=42;slot-id=7;library-version=1.2", true), ("token=Fake;serial=41", false),
            ])
        func findsToken(attributes: String, isFound: Bool) async throws {
            let scene = TokenScene()
            let uri = try TokenScene.uri("pkcs11:\(attributes);object=rsa")
            let error = await scene.error { try await scene.store().key(at: uri) }
            #expect(error?.code == (isFound ? nil : .unavailable))
        }

        @Test("Two tokens that the URI matches are refused, before a PIN is tried on one of them")
        func refusesTwoTokens() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_twin)
            let error = await scene.error { try await scene.store().key(at: TokenScene.uri(of: "rsa")) }
            #expect(error?.code == .noSuchKey)
            #expect(error?.hint?.contains("serial=43") == true)
            #expect(scene.calls("C_Login") == 0)
            let uri = try TokenScene.uri("pkcs11:token=Fake;serial=42;object=rsa")
            #expect(await scene.error { try await scene.store().key(at: uri) } == nil)
        }

        @Test("The label of a token has no control characters in an error")
        func hidesControlCharacters() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_strangeLabel)
            let error = await scene.error { try await scene.store().key(at: TokenScene.uri(of: "rsa")) }
            #expect(error?.hint?.contains("Strange%1B%5B31m%0A") == true)
        }
    }
}
