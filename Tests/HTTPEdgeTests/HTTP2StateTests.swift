import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import Testing

@testable import HTTPEdge

@Suite("The life of an HTTP/2 connection and of its streams")
struct HTTP2StateTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let limits = ConnectionLimits()

    private func after(_ seconds: Int64) -> NIODeadline { Self.start + .seconds(seconds) }

    private func begin(
        _ fields: [(String, String)] = [], method: String = "POST", isEnd: Bool = false
    ) -> (HTTP2Stream, HTTP2Stream.Action) {
        let headers = HPACKHeaders(
            [(":method", method), (":scheme", "https"), (":path", "/a"), (":authority", "b")] + fields)
        return HTTP2Stream.begin(headers, isEnd: isEnd, limits: limits, now: Self.start)
    }

    @Test("A stream is a buffer until its request is whole")
    func requests() {
        var (stream, action) = begin()
        #expect("\(action)" == "nothing")
        _ = stream.receive(ByteBuffer(string: "a"), isEnd: false, limits: limits)
        guard
            case .respond(let head, .whole(let content)) = stream.receive(
                ByteBuffer(string: "b"), isEnd: true, limits: limits)
        else {
            Issue.record("no request")
            return
        }
        #expect(head.uri == "/a")
        #expect(head.method == .POST)
        #expect(String(buffer: content) == "ab")
        #expect(stream.deadline == nil)
        let result1 = stream.answer(limits: limits, now: Self.start)
        #expect(result1 == false)
        #expect(stream.deadline == after(30))
        // RFC 9110 section 15: one final response.
        let result2 = stream.answer(limits: limits, now: Self.start)
        #expect(result2 == nil)
    }

    @Test(
        "RFC 9113 section 8.1.1: a malformed head is refused",
        arguments: [("POST", [("content-length", "+5")]), ("", []), ("G T", [])] as [(String, [(String, String)])])
    func malformed(method: String, fields: [(String, String)]) {
        guard case .refuse(.badRequest) = begin(fields, method: method).1 else {
            Issue.record("the head was accepted")
            return
        }
    }

    @Test("RFC 9110 section 15.5.14: content that is too long is refused as soon as that is known")
    func longContent() {
        guard case .respond(_, .tooLarge) = begin([("content-length", "16385")]).1 else {
            Issue.record("the length was accepted")
            return
        }
        var stream = begin().0
        _ = stream.receive(ByteBuffer(repeating: 0, count: 16384), isEnd: false, limits: limits)
        guard
            case .respond(_, .tooLarge) = stream.receive(
                ByteBuffer(repeating: 0, count: 1), isEnd: true, limits: limits)
        else {
            Issue.record("17 KiB were accepted")
            return
        }
    }

    @Test("RFC 9110 section 10.1.1: a client that expects 100 (Continue) gets it")
    func interimResponse() {
        #expect("\(begin([("expect", "100-continue")]).1)" == "sendContinue")
    }

    @Test("A connection has few streams until its client has authenticated")
    func streamLimit() {
        var state = HTTP2State(limits, now: Self.start)
        for number in 0..<32 {
            #expect(state.hasRoom)
            state.isLimitKnown = true
            #expect(state.hasRoom == (number < 16))
            state.isLimitKnown = false
            state.add(begin().0, HTTP2StreamID(2 * number + 1))
        }
        #expect(!state.hasRoom)
        let result3 = state.raiseStreamLimit()
        #expect(result3)
        #expect(state.hasRoom)
        let result4 = state.raiseStreamLimit()
        #expect(!result4)
    }

    @Test("Requests that are whole do not count as the first streams of a connection, but all streams have a limit")
    func wholeRequests() {
        var state = HTTP2State(limits, now: Self.start)
        for number in 0..<100 {
            #expect(state.hasRoom)
            state.add(begin(isEnd: true).0, HTTP2StreamID(2 * number + 1))
        }
        #expect(!state.hasRoom)
    }

    @Test("A client that opens stream after stream beyond the limit loses its connection")
    func refusals() {
        var state = HTTP2State(limits, now: Self.start)
        for _ in 0..<100 {
            let result5 = state.refuse()
            #expect(!result5)
        }
        let result6 = state.refuse()
        #expect(result6)
    }

    @Test("A connection without streams goes away: after 30 seconds at first, after 75 between requests")
    func idle() {
        var state = HTTP2State(limits, now: Self.start)
        #expect(state.deadline == after(30))
        state.add(begin().0, 1)
        #expect(state.deadline == after(10))
        state.remove(1, now: after(5))
        #expect(state.deadline == after(80))
        #expect(state.expired(now: after(79)) == nil)
        guard case .idle? = state.expired(now: after(80)) else {
            Issue.record("the connection stays")
            return
        }
        let result7 = state.goAway(within: .seconds(5), streams: .seconds(15), now: after(80))
        #expect(result7)
        let result8 = state.goAway(within: .seconds(5), streams: .seconds(15), now: after(80))
        #expect(!result8)
        guard case .connection? = state.expired(now: after(85)) else {
            Issue.record("the connection stays")
            return
        }
    }

    @Test(
        "RFC 9113 section 6.8: streams may end after GOAWAY, and their client has two seconds to close the connection")
    func goingAway() {
        var state = HTTP2State(limits, now: Self.start)
        state.add(begin().0, 1)
        let result9 = state.goAway(within: .seconds(2), streams: .seconds(15), now: Self.start)
        #expect(result9)
        #expect(state.hasRoom)
        state.remove(1, now: after(1))
        #expect(state.deadline == after(3))
    }

    @Test("A stream that does not end is reset")
    func streamDeadline() {
        var state = HTTP2State(limits, now: Self.start)
        state.add(begin().0, 1)
        guard case .stream(1)? = state.expired(now: after(10)) else {
            Issue.record("the stream stays")
            return
        }
    }
}
