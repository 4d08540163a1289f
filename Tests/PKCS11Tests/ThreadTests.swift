import CPKCS11
import FakeToken
import JOSE
import Libcrypto
import OAuth
import Testing

@testable import PKCS11

extension TokenTests {
    @Suite struct ThreadTests {
        @Test("A slow token blocks no caller, and takes no more threads than the limit")
        func boundsThreads() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 3)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            scene.block("C_Sign")
            let jobs = (0..<20).map { _ in Task { try await store.sign(TokenScene.message, with: key, .es256) } }
            await scene.waitUntilBlocked(3)
            for _ in 0..<1000 { await Task.yield() }
            #expect(FakeToken_blockedCount() == 3)
            FakeToken_release()
            for job in jobs { #expect(try await job.value.count == 64) }
            #expect(FakeToken_sessionCount() <= 3)
        }

        @Test("A cancelled task gets its answer at once, and its place is free when the token answers")
        func abandons() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 1)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            scene.block("C_Sign")
            let hanging = Task { try await store.sign([1], with: key, .es256) }
            await scene.waitUntilBlocked(1)
            let waiting = (0..<5).map { _ in Task { try await store.sign([1], with: key, .es256) } }
            for job in waiting + [hanging] {
                job.cancel()
                #expect(await scene.error { try await job.value }?.code == .timedOut)
            }
            #expect(FakeToken_blockedCount() == 1)
            FakeToken_release()
            #expect(try await scene.sign("p256", .es256, store))
            // The key, the one that hung and the last: the waiting jobs were dropped.
            #expect(scene.calls("C_Sign") == 2)
        }

        @Test("A task that was cancelled before does nothing")
        func doesNothing() async throws {
            let scene = TokenScene()
            let store = scene.store()
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            let job = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await store.sign([1], with: key, .es256)
            }
            #expect(await scene.error { try await job.value }?.code == .timedOut)
            #expect(scene.calls("C_Sign") == 0)
        }

        @Test("A token with fewer sessions than threads signs with those that it has", arguments: [1, 2])
        func sharesSessions(limit: Int) async throws {
            let scene = TokenScene()
            scene.set(FakeToken_sessionLimit, limit)
            let store = scene.store(threadLimit: 8)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            let jobs = (0..<40).map { _ in Task { try await store.sign(TokenScene.message, with: key, .es256) } }
            for job in jobs { #expect(try await job.value.count == 64) }
            #expect(FakeToken_sessionCount() <= UInt32(limit))
            // A new key takes the place of an idle session.
            _ = try await store.makeKey(at: TokenScene.uri("pkcs11:token=Fake"), for: .es256, named: "new")
            #expect(try await scene.sign("p256", .es256, store))
        }

        @Test("A token whose sessions other programs have is unavailable, with a hint")
        func hasNoSession() async throws {
            let scene = TokenScene()
            scene.fail("C_OpenSession", CKR_SESSION_COUNT)
            let store = scene.store()
            let error = await scene.error { try await scene.sign("rsa", .rs256, store) }
            #expect(error?.code == .unavailable)
            #expect(error?.hint?.contains("other programs") == true)
            #expect(try await scene.sign("rsa", .rs256, store))
        }

        @Test("Signatures of sixteen tasks are valid while sessions end, the token leaves and the module fails")
        func survivesFaults() async throws {
            let scene = TokenScene()
            let store = scene.store(threadLimit: 8)
            let key = try await store.key(at: TokenScene.uri(of: "p256"))
            @Sendable func signOften() async throws -> Int {
                var made = 0
                for _ in 0..<50 {
                    guard let signature = try? await store.sign(TokenScene.message, with: key, .es256) else { continue }
                    made += 1
                    #expect(
                        try TokenScene.isValid(signature, key.publicKey, .es256))
                }
                return made
            }
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<16 { group.addTask { try await signOften() } }
                for fault in 0..<20 {
                    switch fault % 4 {
                    case 0: FakeToken_endSessions()
                    case 1: FakeToken_renumber()
                    case 2: scene.fail("C_Sign", CKR_DEVICE_REMOVED)
                    default:
                        scene.set(FakeToken_present, 0)
                        scene.set(FakeToken_present)
                    }
                    await Task.yield()
                }
                return try await group.reduce(0, +)
            }
            #expect(made > 0)
            #expect(try await scene.sign("p256", .es256, store))
        }
    }
}
