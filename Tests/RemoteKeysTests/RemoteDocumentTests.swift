import Synchronization
import Testing

@testable import RemoteKeys

/// Any document can be cached. This one is a revocation list: a set of identifiers.
@Suite struct RemoteDocumentTests {
    private typealias List = Set<String>

    /// A server that sends its answers in turn, and then repeats the last one.
    private final class Server: Sendable {
        private let start = ContinuousClock.now
        private let state: Mutex<(answers: [Result<List, DocumentFetchError>], fetches: Int, time: Duration)>

        init(_ answers: Result<List, DocumentFetchError>...) { state = Mutex((answers, 0, .zero)) }

        var fetches: Int { state.withLock { $0.fetches } }
        func pass(_ duration: Duration) { state.withLock { $0.time += duration } }

        func document(maximumAge: Duration = .seconds(300)) -> RemoteDocument<List> {
            RemoteDocument(
                now: { self.start.advanced(by: self.state.withLock { $0.time }) },
                fetch: { () throws(DocumentFetchError) in
                    let answer = self.state.withLock { state in
                        state.fetches += 1
                        return state.answers[min(state.fetches, state.answers.count) - 1]
                    }
                    return FetchedDocument(try answer.get(), maximumAge: maximumAge)
                })
        }
    }

    @Test("The cached document is the last one that was fetched, and is used only while it is fresh")
    func cachesWhatWasFetchedLast() async throws {
        let server = Server(.success(["a"]), .success(["a", "b"]))
        let document = server.document()
        #expect(document.cached == nil)
        let first = try await document.current()
        #expect(first.value == ["a"])
        #expect(document.cached?.version == first.version)
        let second = try await document.reloaded()
        #expect(second.version != first.version)
        #expect(document.cached?.version == second.version)
        #expect(document.cached?.value == ["a", "b"])
        #expect(server.fetches == 2)

        // Its refresh begins between 225 s and 270 s, and it expires at 300 s.
        server.pass(.seconds(224))
        _ = document.cached
        #expect(server.fetches == 2)
        server.pass(.seconds(76))
        #expect(document.cached == nil)
        #expect(try await document.current().version == second.version)
        #expect(server.fetches == 3)
        #expect(document.cached?.version == second.version)
    }

    @Test("The version grows only when the value changes")
    func countsVersions() async throws {
        let server = Server(.success(["a"]), .success(["a"]), .success([]))
        let document = server.document()
        var versions: [Int] = []
        for _ in 0..<3 {
            versions.append(try await document.reloaded().version)
            server.pass(.seconds(60))
        }
        #expect(versions == [1, 1, 2])
    }

    @Test("During an outage the last document is served, until it is too stale")
    func servesStale() async throws {
        let server = Server(.success(["a"]), .failure(DocumentFetchError(.status(500))))
        let document = server.document()
        _ = try await document.current()
        server.pass(.seconds(1000))
        #expect(try await document.current().value == ["a"])
        #expect(server.fetches == 2)
        server.pass(.seconds(86400))
        await #expect(throws: DocumentFetchError(.status(500))) { try await document.current() }
    }

    @Test("A caller that is cancelled waits no longer, and the fetch goes on for others", .timeLimit(.minutes(1)))
    func cancelledCaller() async throws {
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let (fetches, started) = AsyncStream<Void>.makeStream()
        let count = Mutex(0)
        let document = RemoteDocument<List>(fetch: { () throws(DocumentFetchError) in
            count.withLock { $0 += 1 }
            started.yield()
            for await _ in gate { break }
            return FetchedDocument(["a"], maximumAge: .seconds(300))
        })
        let cancelled = Task { try await document.current() }
        let other = Task { try await document.current() }
        for await _ in fetches { break }
        cancelled.cancel()
        await #expect(throws: DocumentFetchError(.unreachable)) { try await cancelled.value }
        opening.yield()
        #expect(try await other.value.value == ["a"])
        #expect(document.cached?.value == ["a"] && count.withLock { $0 } == 1)
    }
}
