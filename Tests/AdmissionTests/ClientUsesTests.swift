import AccessToken
import OAuth
import Testing

@testable import Admission

@Suite struct ClientUsesTests {
    private let start = NumericDate(1_795_000_000)
    private let epoch = ContinuousClock.now
    private let uses: ClientUses

    init() { uses = ClientUses(start: start, epoch: epoch) }

    private func client(_ id: String, limit: Int? = nil) throws -> Client {
        try Client(id: ClientID(id), identities: [], requestsPerMinute: limit)
    }

    /// Whether a request of the client is admitted, so many seconds after the start.
    private func isAdmitted(_ client: Client, after seconds: Double) -> Bool { refusal(client, after: seconds) == nil }

    private func refusal(_ client: Client, after seconds: Double) -> TokenRefusal? {
        do throws(TokenRefusal) {
            try uses.admit(client, now: epoch + .seconds(seconds))
            return nil
        } catch {
            return error
        }
    }

    @Test("RFC 6585 section 4: over its limit a client is refused with the whole seconds to wait, and others are not")
    func refuses() throws {
        let (limited, other) = (try client("limited", limit: 20), try client("other", limit: 20))
        for _ in 0..<4 where !isAdmitted(limited, after: 0) { break }
        let refused = try #require(refusal(limited, after: 0.5))
        #expect(refused.code == .tooManyRequests)
        #expect(refused.cause == .rateLimited)
        #expect(refused.code.status == 429)
        #expect(refused.retryAfter.map { (1...3).contains($0) } == true)
        #expect(isAdmitted(limited, after: 0.5 + Double(refused.retryAfter ?? 0)))
        #expect(isAdmitted(other, after: 0.5))
        #expect(uses.refusalCount == 2)
        #expect(uses.refusalCounts.first { $0.client == limited.id }?.count == 2)
        #expect(uses.refusalCounts.first { $0.client == other.id }?.count == 0)
    }

    @Test("A client without a limit is never refused, and takes no memory before it gets a token")
    func withoutLimit() throws {
        let client = try client("free")
        for _ in 0..<10_000 where !isAdmitted(client, after: 0) { Issue.record("refused") }
        #expect(uses.refusalCounts.isEmpty && uses.lastUses.isEmpty)
    }

    @Test("A reload fills no bucket and forgets no last use; both go with the client")
    func reloads() throws {
        let before = try client("a", limit: 1)
        #expect(isAdmitted(before, after: 0))
        uses.record(before.id, at: start + .seconds(7))
        // The entry of the file, read anew.
        let after = try client("a", limit: 1)
        uses.forget(except: try ClientRegistry([after]))
        #expect(!isAdmitted(after, after: 1))
        #expect(uses.lastUse(of: after.id) == start + .seconds(7))
        uses.forget(except: try ClientRegistry([]))
        #expect(uses.lastUse(of: after.id) == nil)
        #expect(uses.lastUses.isEmpty && uses.refusalCounts.isEmpty)
        #expect(isAdmitted(after, after: 1))
    }

    @Test("There are no more entries than clients, however many have come and gone")
    func isBounded() throws {
        for generation in 0..<20 {
            let clients = try (0..<50).map { try client("\(generation)-\($0)", limit: 1) }
            for client in clients { uses.record(client.id, at: start) }
            uses.forget(except: try ClientRegistry(clients))
            #expect(uses.lastUses.count == 50)
        }
    }

    @Test("What is saved is saved once, and anew when the client gets another token or the file is another one")
    func saving() throws {
        let a = try client("a").id
        uses.record(a, at: start)
        #expect(uses.unsaved == [LastUse(a, at: start)])
        uses.record(a, at: start + .seconds(1))
        // What was written is older than what is known by now.
        uses.markSaved([LastUse(a, at: start)])
        #expect(uses.unsaved == [LastUse(a, at: start + .seconds(1))])
        uses.markSaved(uses.unsaved)
        #expect(uses.unsaved.isEmpty)
        uses.markAllUnsaved()
        #expect(uses.unsaved.count == 1)
    }

    @Test("A saved use counts if it is later than what is known, and need not be saved again")
    func merging() throws {
        let ids = try ["a", "b", "c"].map { try client($0).id }
        uses.record(ids[0], at: start)
        uses.record(ids[1], at: start)
        let saved = [
            LastUse(ids[0], at: start - .seconds(5)), LastUse(ids[1], at: start + .seconds(5)),
            LastUse(ids[2], at: start),
        ]
        uses.merge(saved, since: start - .seconds(100), latest: start + .seconds(60))
        #expect(ids.map { uses.lastUse(of: $0) } == [start, start + .seconds(5), start])
        #expect(uses.unsaved == [LastUse(ids[0], at: start)])
        #expect(uses.since == start - .seconds(100))
    }

    @Test("A saved use of a clock that was ahead counts until the client gets another token")
    func clockAhead() throws {
        let (a, b) = (try client("a").id, try client("b").id)
        uses.record(a, at: start)
        for _ in 0..<2 {
            let saved = [a, b].map { LastUse($0, at: start + .seconds(86400)) }
            uses.merge(saved, since: start, latest: start + .seconds(60))
            #expect(uses.lastUse(of: a) == start)
            #expect(uses.unsaved == [LastUse(a, at: start)])
        }
        #expect(uses.lastUse(of: b) == start + .seconds(86400))
    }

    @Test("Threads that ask at once get what one bucket has, and no more")
    func concurrency() async throws {
        let client = try client("a", limit: 600)
        let (uses, now) = (uses, epoch + .seconds(1))
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<200).count { _ in (try? uses.admit(client, now: now)) != nil } }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 100)
        #expect(uses.refusalCount == 1500)
    }
}
