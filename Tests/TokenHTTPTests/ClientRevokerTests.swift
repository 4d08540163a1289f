import AccessToken
import LiveState
import Logging
import OAuth
import Synchronization
import Testing

@testable import TokenHTTP

/// Revocations that clients ask for: written together, one after the other, and never too often.
@Suite struct ClientRevokerTests {
    private struct Full: Error {}

    private final class TestFile: Sendable {
        private let state = Mutex((written: [ClientID](), reloads: 0, broken: Set<ClientID>()))

        var written: [ClientID] { state.withLock { $0.written } }
        var reloads: Int { state.withLock { $0.reloads } }

        init(broken: Set<ClientID> = []) { state.withLock { $0.broken = broken } }

        func write(_ client: ClientID) throws {
            let isBroken = state.withLock { state in
                state.written.append(client)
                return state.broken.contains(client)
            }
            if isBroken { throw Full() }
        }

        func reload() { state.withLock { $0.reloads += 1 } }
    }

    private static func revoker(_ file: TestFile) -> ClientRevoker {
        ClientRevoker(
            files: FilesThread(), logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() },
            write: { client, moment, now in
                #expect(moment == now + .seconds(3))
                try file.write(client)
            }, reload: { _ in file.reload() })
    }

    @Test("When it returns, the moment has come and the file was read")
    func returnsAfterTheMoment() async throws {
        let file = TestFile()
        let before = NumericDate.now
        try await Self.revoker(file).revoke(ClientID("a"), now: before)
        #expect(NumericDate.now >= before + .seconds(3))
        #expect(file.written.map(\.description) == ["a"] && file.reloads == 1)
    }

    @Test("What cannot be written for one client keeps no other from being revoked")
    func oneFails() async throws {
        let file = TestFile(broken: [try ClientID("b")])
        let revoker = Self.revoker(file)
        try await withThrowingTaskGroup(of: (String, TokenRefusal.Code?).self) { group in
            for name in ["a", "b", "c"] {
                let id = try ClientID(name)
                group.addTask {
                    do throws(TokenRefusal) {
                        try await revoker.revoke(id, now: .now)
                        return (name, nil)
                    } catch {
                        return (name, error.code)
                    }
                }
            }
            for try await (name, code) in group { #expect(code == (name == "b" ? .revocationUnavailable : nil)) }
        }
        #expect(Set(file.written.map(\.description)) == ["a", "b", "c"])
    }

    @Test("A client revokes six times in a minute at most, and keeps no other from it")
    func limits() async throws {
        let file = TestFile()
        let now = NumericDate(1_795_000_000)
        let revoker = ClientRevoker(
            files: FilesThread(), logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }, clock: { now },
            wait: { #expect($0 == now + .seconds(3)) }, write: { client, _, _ in try file.write(client) },
            reload: { _ in file.reload() })
        let (a, b) = (try ClientID("a"), try ClientID("b"))
        for _ in 0..<6 { try await revoker.revoke(a, now: now) }
        let refusal = await #expect(throws: TokenRefusal.self) { try await revoker.revoke(a, now: now) }
        #expect(refusal?.code == .revocationUnavailable && refusal?.retryAfter == 10)
        try await revoker.revoke(b, now: now)
        try await revoker.revoke(a, now: now + .seconds(10))
        #expect(file.written.map(\.description) == ["a", "a", "a", "a", "a", "a", "b", "a"] && file.reloads == 8)
    }

    @Test("What cannot be written counts for no limit, and all clients together revoke sixty times in a minute")
    func limitOfAll() async throws {
        let file = TestFile(broken: [try ClientID("broken")])
        let now = NumericDate(1_795_000_000)
        let revoker = ClientRevoker(
            files: FilesThread(), logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }, clock: { now },
            wait: { _ in }, write: { client, _, _ in try file.write(client) }, reload: { _ in })
        for _ in 0..<20 {
            let refusal = await #expect(throws: TokenRefusal.self) {
                try await revoker.revoke(ClientID("broken"), now: now)
            }
            #expect(refusal?.retryAfter == 2)
        }
        for number in 0..<60 { try await revoker.revoke(ClientID("client-\(number)"), now: now) }
        await #expect(throws: TokenRefusal.self) { try await revoker.revoke(ClientID("another"), now: now) }
    }
}
