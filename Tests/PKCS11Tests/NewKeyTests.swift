import CPKCS11
import FakeToken
import JOSE
import Libcrypto
import OAuth
import Testing

@testable import PKCS11

extension TokenTests {
    @Suite struct NewKeyTests {
        private static func place() throws -> KeyURI { try TokenScene.uri("pkcs11:token=Fake") }

        @Test(
            "A new key cannot leave the token, has a URI of its own, and signs",
            arguments: [SignatureAlgorithm.rs256, .ps256, .es256, .es384, .edDSA])
        func makesKey(algorithm: SignatureAlgorithm) async throws {
            let scene = TokenScene()
            let store = scene.store()
            let key = try await store.makeKey(at: Self.place(), for: algorithm, named: "20261201T000000Z-hsm")
            let other = try await store.makeKey(at: Self.place(), for: algorithm, named: "20261201T000000Z-hsm")
            guard case .pkcs11(let uri) = key.uri else { return #expect(Bool(false), "it is a pkcs11: URI") }
            #expect(uri[.token] == Array("Fake".utf8))
            #expect(uri[.serial] == Array("42".utf8))
            #expect(uri[.object] == Array("20261201T000000Z-hsm".utf8))
            #expect(uri[.id]?.count == 16)
            #expect(other.uri != key.uri)
            let found = try await scene.store().key(at: key.uri)
            #expect(found.publicKey.components == key.publicKey.components)
            #expect(algorithm.accepts(key.publicKey.type))
            let signature = try await store.sign(TokenScene.message, with: key, algorithm)
            #expect(
                try TokenScene.isValid(signature, key.publicKey, algorithm))
        }

        @Test("A discarded key is gone with its public half, and no other key is")
        func discards() async throws {
            let scene = TokenScene()
            let store = scene.store()
            let before = FakeToken_objectCount()
            let key = try await store.makeKey(at: Self.place(), for: .es256, named: "new")
            let other = try await store.makeKey(at: Self.place(), for: .es256, named: "new")
            _ = try await store.sign(TokenScene.message, with: key, .es256)
            await store.discard(RemoteKey(key.uri, other.publicKey))
            #expect(FakeToken_objectCount() == before + 4)
            await store.discard(key)
            #expect(FakeToken_objectCount() == before + 2)
            #expect(await scene.error { try await store.key(at: key.uri) }?.code == .noSuchKey)
            #expect(await scene.error { try await store.sign([1], with: key, .es256) }?.code == .noSuchKey)
            #expect(await scene.error { try await store.key(at: other.uri) } == nil)
        }

        @Test("A key without an id is never destroyed")
        func keepsKeysWithoutID() async throws {
            let scene = TokenScene()
            let store = scene.store()
            let before = FakeToken_objectCount()
            await store.discard(try await store.key(at: TokenScene.uri(of: "rsa")))
            #expect(FakeToken_objectCount() == before)
        }

        @Test(
            "A new key needs a URI that names a token, and no key",
            arguments: ["pkcs11:object=k", "pkcs11:token=Fake;object=k", "pkcs11:token=Fake;id=%01"])
        func needsToken(uri: String) async throws {
            let scene = TokenScene()
            let error = await scene.error {
                try await scene.store().makeKey(at: TokenScene.uri(uri), for: .es256, named: "k")
            }
            #expect(error?.code == .noSuchKey)
            #expect(scene.calls("C_GenerateKeyPair") == 0)
        }

        @Test("A token that makes no such keys is unsupported")
        func isUnsupported() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_withoutEdDSA)
            let error = await scene.error {
                try await scene.store().makeKey(at: Self.place(), for: .edDSA, named: "k")
            }
            #expect(error?.code == .unsupported)
            #expect(error?.hint?.contains("access_token.algorithm") == true)
        }

        @Test("A token that lets no keys be made is denied, with the command that takes a key over")
        func isWriteProtected() async throws {
            let scene = TokenScene()
            scene.fail("C_GenerateKeyPair", CKR_TOKEN_WRITE_PROTECTED)
            let error = await scene.error {
                try await scene.store().makeKey(at: Self.place(), for: .es256, named: "k")
            }
            #expect(error?.code == .denied)
            #expect(error?.hint?.contains("writ keys adopt") == true)
        }

        @Test("If the public half cannot be read, no half of the new key stays")
        func leavesNoHalf() async throws {
            let scene = TokenScene()
            let store = scene.store()
            let before = FakeToken_objectCount()
            scene.fail("C_GetAttributeValue", CKR_FUNCTION_FAILED)
            #expect(
                await scene.error { try await store.makeKey(at: Self.place(), for: .es256, named: "k") }?.code
                    == .unavailable)
            #expect(FakeToken_objectCount() == before)
        }

        @Test("A key is removed also if the task is cancelled, and the token answers later")
        func removesKeyOfCancelledTask() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 1)
            let before = FakeToken_objectCount()
            let key = try await store.makeKey(at: Self.place(), for: .es256, named: "k")
            scene.block("C_Sign")
            let job = Task {
                _ = try? await store.sign([1], with: key, .es256)
                await store.discard(key)
            }
            await scene.waitUntilBlocked(1)
            job.cancel()
            // It does not wait for the token.
            await job.value
            #expect(FakeToken_objectCount() == before + 2)
            FakeToken_release()
            // The one thread has done all that is to be done when it signs.
            #expect(try await scene.sign("p256", .es256, store))
            #expect(FakeToken_objectCount() == before)
        }

        @Test("A session for a new key takes the place of the idle ones, if the token has no more", arguments: [1, 3])
        func closesIdleSessions(count: UInt32) async throws {
            let scene = TokenScene()
            scene.set(FakeToken_sessionLimit, Int(count))
            let store = scene.store(threadLimit: 4)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            scene.block("C_Sign")
            let jobs = (0..<count).map { _ in Task { try await store.sign([1], with: key, .es256) } }
            await scene.waitUntilBlocked(count)
            FakeToken_release()
            for job in jobs { _ = try await job.value }
            #expect(FakeToken_sessionCount() == count)
            _ = try await store.makeKey(at: Self.place(), for: .es256, named: "new")
            #expect(FakeToken_sessionCount() == 0)
        }

        @Test("A key that is made after its task was cancelled is removed")
        func removesAbandonedKey() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 1)
            let before = FakeToken_objectCount()
            scene.block("C_GenerateKeyPair")
            let job = Task { try await store.makeKey(at: Self.place(), for: .es256, named: "k") }
            await scene.waitUntilBlocked(1)
            job.cancel()
            #expect(await scene.error { try await job.value }?.code == .timedOut)
            FakeToken_release()
            // The one thread has done all that is to be done when it signs.
            #expect(try await scene.sign("p256", .es256, store))
            #expect(FakeToken_objectCount() == before)
        }
    }
}
