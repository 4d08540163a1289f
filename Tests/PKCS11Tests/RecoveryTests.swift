import CPKCS11
import FakeToken
import JOSE
import Libcrypto
import OAuth
import Testing

@testable import PKCS11

extension TokenTests {
    @Suite struct RecoveryTests {
        /// A store with one thread that has signed once.
        private func signing(_ scene: TokenScene) async throws -> (PKCS11Store, RemoteKey) {
            let store = scene.store(threadLimit: 1)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            _ = try await store.sign(TokenScene.message, with: key, .es256)
            return (store, key)
        }

        private func isValid(_ signature: [UInt8], _ key: RemoteKey) throws -> Bool {
            try TokenScene.isValid(signature, key.publicKey, .es256)
        }

        @Test(
            "A session that ended is opened again, and the signature repeated",
            arguments: [CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_USER_NOT_LOGGED_IN, CKR_OPERATION_ACTIVE],
            ["C_SignInit", "C_Sign"])
        func opensSessionAgain(value: UInt, function: String) async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            scene.fail(function, value)
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(scene.calls("C_Sign") == (function == "C_Sign" ? 3 : 2))
            #expect(FakeToken_sessionCount() == 1)
        }

        @Test("All sessions that ended at once are opened again, with a login")
        func logsInAgain() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            FakeToken_endSessions()
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(scene.calls("C_Login") == 2)
            FakeToken_logOut()
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(scene.calls("C_Login") == 3)
        }

        @Test("A session that ends twice in a row is a failure, and the next signature is made")
        func repeatsOnce() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            scene.fail("C_Sign", CKR_SESSION_CLOSED, times: 2)
            let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
            #expect(error?.description.contains("CKR_SESSION_CLOSED") == true)
            #expect(error?.code == .unavailable)
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
        }

        @Test("The handle of a key that is not known any more is searched for anew")
        func findsHandleAgain() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            FakeToken_renumber()
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(scene.calls("C_Login") <= 2)
        }

        @Test(
            "A token that fails is unavailable, with the name of the failure, and is used again for the next signature",
            arguments: [
                CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_DEVICE_ERROR, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED,
                CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DEVICE_MEMORY, CKR_HOST_MEMORY,
            ], ["C_SignInit", "C_Sign"])
        func isUnavailable(value: UInt, function: String) async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            scene.fail(function, value)
            let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
            #expect(error?.code == .unavailable)
            #expect(error?.description == "the token answered \(function) with \(ReturnValue(value))")
            #expect(scene.calls("C_Sign") <= 2)
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(FakeToken_sessionCount() == 1)
        }

        @Test("A token that was pulled out is unavailable, and is used again once it is back")
        func comesBack() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            scene.set(FakeToken_present, 0)
            for _ in 0..<5 {
                let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
                #expect(error?.code == .unavailable)
            }
            let others = try TokenScene.uri("pkcs11:token=Other;object=k")
            #expect(await scene.error { try await store.key(at: others) }?.description == "the token is not there")
            scene.set(FakeToken_present)
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
        }

        @Test("A module that fails twice in a row is initialized again")
        func initializesAgain() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            scene.set(FakeToken_broken)
            for _ in 0..<2 {
                let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
                #expect(error?.description.contains("CKR_GENERAL_ERROR") == true)
            }
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(scene.calls("C_Initialize") == 2)
            #expect(scene.calls("C_Finalize") == 1)
        }

        @Test("A module that no longer finds a key that was used is initialized again, and once")
        func findsUsedKeyAgain() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            FakeToken_set(FakeToken_emptied, 1)
            FakeToken_renumber()
            let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
            #expect(error?.code == .noSuchKey)
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
            #expect(scene.calls("C_Initialize") == 2)
            // One that was never there changes nothing.
            let absent = RemoteKey(try KeyURI("pkcs11:token=Fake;object=none"), key.publicKey)
            for _ in 1...3 {
                let error = await scene.error { try await store.sign(TokenScene.message, with: absent, .es256) }
                #expect(error?.code == .noSuchKey)
            }
            #expect(scene.calls("C_Initialize") == 2)
        }

        @Test("A module that fails under load is initialized again", .timeLimit(.minutes(1)))
        func initializesAgainUnderLoad() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 8)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            scene.set(FakeToken_broken)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        while (try? await store.sign(TokenScene.message, with: key, .es256)) == nil {
                            await Task.yield()
                        }
                    }
                }
            }
            #expect(scene.calls("C_Initialize") == 2)
        }

        @Test("Signatures that waited for a search for their token fail with it, and do not search again")
        func sharesFailedSearch() async throws {
            let scene = TokenScene()
            let key = try await scene.store().key(at: TokenScene.uri(of: "p256"))
            let store = scene.store(threadLimit: 4)
            let calls = scene.calls("C_GetSlotInfo")
            scene.block("C_GetSlotInfo")
            let jobs = (0..<4).map { _ in Task { try await store.sign([1], with: key, .es256) } }
            await scene.waitUntilBlocked(1)
            while store.module.searchingCount < 4 { await Task.yield() }
            scene.set(FakeToken_present, 0)
            FakeToken_release()
            for job in jobs {
                #expect(await scene.error { try await job.value }?.description == "the token is not there")
            }
            #expect(scene.calls("C_GetSlotInfo") == calls + 1)
            #expect(store.module.searchingCount == 0)
        }

        @Test(
            "A failure of one signature alone costs no other, and is named with its number if it has no name")
        func namesOtherErrors() async throws {
            let scene = TokenScene()
            let (store, key) = try await signing(scene)
            scene.fail("C_Sign", 0x8000_0123)
            let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
            #expect(error?.description.contains("CKR 0x80000123") == true)
            scene.fail("C_SignInit", CKR_KEY_TYPE_INCONSISTENT)
            #expect(await scene.error { try await store.sign([1], with: key, .es256) }?.code == .unsupported)
            #expect(try isValid(await store.sign(TokenScene.message, with: key, .es256), key))
        }
    }
}
