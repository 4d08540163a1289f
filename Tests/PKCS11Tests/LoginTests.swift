import CPKCS11
import FakeToken
import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing

@testable import PKCS11

extension TokenTests {
    @Suite struct LoginTests {
        @Test("A refused PIN is not tried again until the file has another one")
        func triesPINOnce() async throws {
            let scene = TokenScene()
            let pin = Mutex("0000")
            let store = scene.store { try TokenScene.secret(pin.withLock { $0 }) }
            for _ in 0..<5 {
                let error = await scene.error { try await scene.sign("rsa", .rs256, store) }
                #expect(error?.code == .denied)
                #expect(error?.description.contains("CKR_PIN_INCORRECT") == true)
            }
            #expect(scene.calls("C_Login") == 1)
            pin.withLock { $0 = "1234" }
            #expect(try await scene.sign("rsa", .rs256, store))
            #expect(scene.calls("C_Login") == 2)
        }

        @Test(
            "What the token says about a PIN is named, and the PIN is not tried again",
            arguments: [
                (CKR_PIN_LOCKED, "CKR_PIN_LOCKED"), (CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED"),
                (CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE"), (CKR_PIN_INVALID, "CKR_PIN_INVALID"),
            ])
        func namesRefusal(value: UInt, name: String) async throws {
            let scene = TokenScene()
            let store = scene.store()
            scene.fail("C_Login", value)
            for _ in 0..<3 {
                let error = await scene.error { try await scene.sign("rsa", .rs256, store) }
                #expect(error?.code == .denied)
                #expect(error?.description.contains(name) == true)
                #expect(error?.hint != nil)
            }
            #expect(scene.calls("C_Login") == 1)
        }

        @Test("A refused PIN is not tried again after the token was pulled out and came back")
        func remembersRefusal() async throws {
            let scene = TokenScene()
            let store = scene.store(pin: "0000")
            _ = await scene.error { try await scene.sign("rsa", .rs256, store) }
            scene.set(FakeToken_present, 0)
            _ = await scene.error { try await scene.sign("rsa", .rs256, store) }
            scene.set(FakeToken_present)
            #expect(await scene.error { try await scene.sign("rsa", .rs256, store) }?.code == .denied)
            #expect(scene.calls("C_Login") == 1)
        }

        @Test("A PIN that is refused for a single signature is not tried again")
        func remembersRefusalOfSignature() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_alwaysAuthenticate)
            let store = scene.store()
            let key = try await store.key(at: TokenScene.uri(of: "rsa"))
            scene.setPIN("5678")
            for _ in 0..<3 {
                #expect(await scene.error { try await store.sign([1], with: key, .rs256) }?.code == .denied)
            }
            #expect(scene.calls("C_Login") == 2)
        }

        @Test("A PIN is not tried if the token says that one more wrong one would lock it")
        func finalTry() async throws {
            let scene = TokenScene()
            FakeToken_set(FakeToken_finalTry, 1)
            let store = scene.store()
            let uri = try TokenScene.uri(of: "p256")
            let error = await scene.error { try await store.key(at: uri) }
            #expect(error?.code == .denied)
            #expect(scene.calls("C_Login") == 0)
            FakeToken_set(FakeToken_finalTry, 0)
            _ = try await store.key(at: uri)
        }

        @Test("Without a PIN, a token that wants one is denied, with the setting that names it")
        func namesSetting() async throws {
            let scene = TokenScene()
            let error = await scene.error { try await scene.sign("rsa", .rs256, scene.store(pin: nil)) }
            #expect(error?.code == .denied)
            #expect(error?.hint?.contains("pkcs11.pin_file") == true)
            #expect(scene.calls("C_Login") == 0)
        }

        @Test("A token that wants no PIN gets none")
        func needsNoLogin() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_loginRequired, 0)
            #expect(try await scene.sign("rsa", .rs256, scene.store(pin: nil)))
            #expect(scene.calls("C_Login") == 0)
        }

        @Test("A device that asks for the PIN itself gets none")
        func leavesPINToDevice() async throws {
            let scene = TokenScene()
            scene.set(FakeToken_asksForPIN)
            #expect(try await scene.sign("rsa", .rs256, scene.store(pin: nil)))
            #expect(scene.calls("C_Login") == 1)
        }

        @Test("A user who is logged in already is fine")
        func acceptsLogin() async throws {
            let scene = TokenScene()
            scene.fail("C_Login", CKR_USER_ALREADY_LOGGED_IN)
            let error = await scene.error { try await scene.sign("rsa", .rs256, scene.store()) }
            // The fake token shows no key, since the user is not logged in really.
            #expect(error?.code == .noSuchKey)
        }

        private struct Leak: Error { let pin = "0000" }

        @Test("An error of the PIN's file shows nothing of it, and one for operators is shown")
        func hidesCause() async throws {
            let scene = TokenScene()
            let error = await scene.error { try await scene.sign("rsa", .rs256, scene.store { throw Leak() }) }
            #expect(error == RemoteKeyError(.denied, "the PIN of the token cannot be read", hint: error?.hint))
            let own = RemoteKeyError(.denied, "the file is not there", hint: "create it")
            #expect(await scene.error { try await scene.sign("rsa", .rs256, scene.store { throw own }) } == own)
        }

        @Test("Sixteen threads log in once")
        func logsInOnce() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 16)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            scene.block("C_Sign")
            let jobs = (0..<16).map { _ in Task { try await store.sign([1], with: key, .es256) } }
            await scene.waitUntilBlocked(16)
            #expect(FakeToken_sessionCount() == 16)
            FakeToken_release()
            for job in jobs { _ = try await job.value }
            #expect(scene.calls("C_Login") == 1)
        }
    }
}
