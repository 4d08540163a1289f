import Dispatch
import NIOCore
import Synchronization
import Testing

@testable import TokenHTTP

@Suite("The thread that writes the documents of the console")
struct ConsoleStateWriterTests {
    private func query(_ offset: Int) -> ConsoleQuery {
        var query = ConsoleQuery()
        query.offset = offset
        return query
    }

    @Test("Requests with one query share the document that waits, and a seventeenth that waits is refused")
    func waiting() async {
        let gate = DispatchSemaphore(value: 0)
        let begun = AsyncStream.makeStream(of: Void.self)
        let written = Atomic(0)
        let writer = ConsoleStateWriter { _ in
            begun.continuation.yield()
            gate.wait()
            written.add(1, ordering: .relaxed)
            return []
        }
        let answered = AsyncStream.makeStream(of: Void.self)
        func ask(_ offset: Int) -> Bool { writer.document(query(offset)) { _ in answered.continuation.yield() } }
        #expect(ask(0))
        for await _ in begun.stream { break }
        for offset in 0..<ConsoleStateWriter.maximumWaiting { #expect(ask(offset)) }
        #expect(ask(3) && ask(3))
        #expect(!ask(100))
        let (documents, requests) = (ConsoleStateWriter.maximumWaiting + 1, ConsoleStateWriter.maximumWaiting + 3)
        for _ in 0..<documents { gate.signal() }
        var count = 0
        for await _ in answered.stream {
            count += 1
            if count == requests { break }
        }
        #expect(written.load(ordering: .relaxed) == documents)
        #expect(ask(100))
        gate.signal()
    }
}
