import AccessToken
import Dispatch
import Libcrypto
import OAuth
import Synchronization
import Testing
import WireText

@testable import TokenHTTP

/// Password checks wait for one thread, which is kept busy until all of them wait.
@Suite struct PasswordChecksTests {
    private final class Record: Sendable {
        let checked = Mutex<[String]>([])
        let refused = Mutex(0)

        var refusedCount: Int { refused.withLock { $0 } }
    }

    /// The check of a wrong secret, which calls `began` as soon as it runs.
    private func check(_ began: @escaping @Sendable () -> Void) throws -> PendingPasswordCheck {
        let hash = try PasswordHash(parsing: "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
        let client = try Client(id: ClientID("chosen"), secrets: [ClientSecret(hash: .password(hash))])
        let request = EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded"),
            body: Array("grant_type=client_credentials&client_id=chosen&client_secret=wrong".utf8))
        let isFirst = Atomic(true)
        let verified = VerifiedSecrets(
            code: { _ in
                // The first call is the comparison before the check.
                if !isFirst.exchange(false, ordering: .relaxed) { began() }
                return []
            }, contains: { _, _ in false }, insert: { _, _ in })
        let authentication = try ClientRegistry([client]).authenticate(
            TokenRequest(parsing: request).credentials, verified: verified, now: NumericDate(1))
        guard case .password(let check) = authentication else { throw TokenRefusal(.serverError) }
        return check
    }

    /// Runs checks from these addresses, in the order in which they are added behind one that runs.
    ///
    /// - Returns: the addresses in the order of their checks, and how many were refused.
    private func order(_ addresses: [String], capacity: Int) async throws -> (checked: [String], refused: Int) {
        let checks = PasswordChecks(threadCount: 1, capacity: capacity)
        let record = Record()
        let (hasBegun, begin) = AsyncStream<Void>.makeStream()
        let canEnd = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let first = try check {
                begin.yield()
                canEnd.wait()
            }
            group.addTask { _ = try await checks.run(first, from: nil) }
            for await _ in hasBegun { break }
            for (index, address) in addresses.enumerated() {
                let check = try check { record.checked.withLock { $0.append(address) } }
                let block = try #require(IPAddress(address)).block
                group.addTask {
                    do throws(TokenRefusal) { _ = try await checks.run(check, from: block) } catch {
                        record.refused.withLock { $0 += 1 }
                    }
                }
                // The next one is added when this one waits or is refused.
                while checks.waitingCount + record.refusedCount <= index { await Task.yield() }
            }
            canEnd.signal()
            try await group.waitForAll()
        }
        return (record.checked.withLock { $0 }, record.refusedCount)
    }

    @Test("Addresses take turns, whichever of them came first")
    func turns() async throws {
        let flood = Array(repeating: "198.51.100.1", count: 5)
        let (checked, refused) = try await order(flood + ["192.0.2.1", "192.0.2.2"], capacity: 8)
        #expect(checked == ["198.51.100.1", "192.0.2.1", "192.0.2.2"] + flood.dropFirst())
        #expect(refused == 0)
    }

    @Test("If too many checks wait, one of the address with the most is refused in favour of another address")
    func displacement() async throws {
        let flood = Array(repeating: "198.51.100.1", count: 6)
        let (checked, refused) = try await order(flood + ["192.0.2.1"], capacity: 4)
        #expect(checked == ["198.51.100.1", "192.0.2.1", "198.51.100.1", "198.51.100.1"])
        #expect(refused == 3)
    }
}
