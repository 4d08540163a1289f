import CPKCS11
import FakeToken
import Glibc
import JOSE
import OAuth
import Synchronization
import Testing

@testable import PKCS11

extension TokenTests {
    /// Loading, initializing and finalizing a module.
    @Suite struct ModuleTests {
        @Test("A module is initialized again at most every 500 ms")
        func pausesBetweenInitializations() async throws {
            let scene = TokenScene()
            let time = Mutex(ContinuousClock.now)
            let store = scene.store(threadLimit: 1) { time.withLock { $0 } }
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            func signs() async -> Bool { (try? await store.sign([1], with: key, .es256)) != nil }
            scene.set(FakeToken_broken)
            while await !signs() {}
            #expect(scene.calls("C_Initialize") == 2)
            scene.set(FakeToken_broken)
            for milliseconds in [0, 499] {
                time.withLock { $0 += .milliseconds(milliseconds) }
                for _ in 0..<5 { #expect(await !signs()) }
                #expect(scene.calls("C_Initialize") == 2)
            }
            time.withLock { $0 += .milliseconds(1) }
            #expect(await signs())
            #expect(scene.calls("C_Initialize") == 3)
        }

        @Test("A module that cannot be initialized is tried again for the next signature")
        func triesToInitialize() async throws {
            let scene = TokenScene()
            scene.fail("C_Initialize", CKR_GENERAL_ERROR, times: 2)
            let store = scene.store()
            for _ in 0..<2 {
                let error = await scene.error { try await scene.sign("p256", .es256, store) }
                #expect(error?.description == "the token answered C_Initialize with CKR_GENERAL_ERROR")
            }
            #expect(try await scene.sign("p256", .es256, store))
        }

        @Test("A module that hangs in one signature is not finalized under it")
        func keepsModuleOfHangingCall() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 2)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            scene.block("C_Sign")
            let hanging = Task { try await store.sign([1], with: key, .es256) }
            await scene.waitUntilBlocked(1)
            scene.set(FakeToken_broken)
            for _ in 0..<4 {
                #expect(await scene.error { try await store.sign([1], with: key, .es256) }?.code == .unavailable)
            }
            #expect(scene.calls("C_Finalize") == 0)
            FakeToken_release()
            _ = try? await hanging.value
        }

        @Test("A module that is not there is unavailable, with its path and the setting")
        func namesModule() async throws {
            let store = PKCS11Store(module: "/nowhere/module.so", threadLimit: 1) { nil }
            let scene = TokenScene()
            let error = await scene.error { try await store.key(at: TokenScene.uri(of: "rsa")) }
            #expect(error?.code == .unavailable)
            #expect(error?.description.contains("/nowhere/module.so") == true)
            #expect(error?.hint?.contains("pkcs11.module") == true)
        }

        @Test("A library that is no PKCS#11 module is named as such, and is unloaded")
        func unloadsOtherLibrary() async throws {
            // A part of glibc that nothing here uses.
            let library = "libBrokenLocale.so.1"
            let store = PKCS11Store(module: library, threadLimit: 1) { nil }
            let scene = TokenScene()
            let error = await scene.error { try await store.key(at: TokenScene.uri(of: "rsa")) }
            #expect(error?.description.contains("no function C_GetFunctionList") == true)
            let isLoaded = unsafe dlopen(library, RTLD_NOW | RTLD_NOLOAD) != nil
            #expect(!isLoaded)
        }

        @Test("A store that is closed finalizes its module, unless another one uses it")
        func finalizes() async throws {
            let scene = TokenScene()
            let (store, other) = (scene.store(), scene.store())
            #expect(try await scene.sign("p256", .es256, store))
            #expect(try await scene.sign("p256", .es256, other))
            await store.close()
            #expect(scene.calls("C_Finalize") == 0)
            #expect(FakeToken_sessionCount() == 1)
            #expect(try await scene.sign("p256", .es256, other))
            await other.close()
            #expect(scene.calls("C_Initialize") == 1)
            #expect(scene.calls("C_Finalize") == 1)
            #expect(FakeToken_sessionCount() == 0)
        }

        @Test("A store that is closed makes no signature, removes no key, and does not initialize its module")
        func refusesAfterClose() async throws {
            let scene = TokenScene()
            let (store, unused) = (scene.store(), scene.store())
            let key = try await store.makeKey(at: TokenScene.uri("pkcs11:token=Fake"), for: .es256, named: "k")
            let objects = FakeToken_objectCount()
            for store in [store, unused] {
                await store.close()
                let error = await scene.error { try await store.sign(TokenScene.message, with: key, .es256) }
                #expect(error == RemoteKeyError(.unavailable, "the service ends"))
                await store.discard(key)
            }
            #expect(FakeToken_objectCount() == objects)
            #expect(scene.calls("C_Initialize") == 1)
            #expect(FakeToken_sessionCount() == 0)
            // Another store of the process may use the module.
            #expect(try await scene.sign("p256", .es256, scene.store()))
        }
    }
}
