import AccessToken
import HTTPEdge
import JOSE
import NIOCore
import NIOEmbedded
import Synchronization
import Telemetry
import Testing

@testable import TokenHTTP

@Suite("The events of the console")
struct ConsoleEventsTests {
    private let loop = EmbeddedEventLoop()
    private let events: ConsoleEvents
    /// How often numbers were asked for.
    private let askedCount: @Sendable () -> Int

    init() {
        let count = Atomic(0)
        events = ConsoleEvents {
            count.add(1, ordering: .relaxed)
            return ConsoleNumbers(
                time: NumericDate(1_795_000_000), uptime: .milliseconds(1500), revision: 3, isReady: true,
                totals: ServiceMetrics().totals, signatures: (2, 64), connectionCount: 5)
        }
        askedCount = { count.load(ordering: .relaxed) }
    }

    @Test("The first event comes at once, and each further one a second after the one before")
    func pace() throws {
        let source = try #require(events.open())
        let first = try source.next(loop).wait().map { String(buffer: $0) }
        let lines = try #require(first).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 5 && lines[0] == "retry: 2000" && lines[1] == "event: numbers")
        let numbers = try #require(JSONReader.read(Array(lines[2].dropFirst(6).utf8)).object)
        #expect(numbers["uptime_ms"] == .integer(1500) && numbers["waiting"] == .integer(2))
        let received = Atomic(0)
        source.next(loop).whenSuccess { _ in received.add(1, ordering: .relaxed) }
        loop.advanceTime(by: .milliseconds(999))
        #expect(received.load(ordering: .relaxed) == 0)
        loop.advanceTime(by: .milliseconds(1))
        #expect(received.load(ordering: .relaxed) == 1)
        source.end()
    }

    @Test("A page that does not ask misses events, and without pages no numbers are computed")
    func slowPages() throws {
        let source = try #require(events.open())
        _ = try source.next(loop).wait()
        loop.advanceTime(by: .seconds(60))
        #expect(askedCount() == 1)
        let next = source.next(loop)
        loop.advanceTime(by: .seconds(60))
        _ = try next.wait()
        #expect(askedCount() == 2)
        source.end()
    }

    @Test("There are eight streams at most, and one that ends makes room")
    func bound() throws {
        let sources = (0..<ConsoleEvents.maximumStreams).compactMap { _ in events.open() }
        #expect(sources.count == 8)
        #expect(events.open() == nil)
        sources[0].end()
        #expect(events.streamCount == 7)
        #expect(events.open() != nil)
    }

    @Test("All pages get the same event in one second")
    func shared() throws {
        let sources = (0..<3).compactMap { _ in events.open() }
        for source in sources { _ = try source.next(loop).wait() }
        let next = sources.map { $0.next(loop) }
        loop.advanceTime(by: .seconds(1))
        #expect(Set(try next.map { try $0.wait() }).count == 1)
        #expect(askedCount() == 4)
    }
}
