import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPEdge

/// A connection of HTTP/1 without a network: parts and instants in, actions out.
@Suite("The life of an HTTP/1 connection")
struct HTTP1StateTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let limits = ConnectionLimits()

    private func after(_ seconds: Int64) -> NIODeadline { Self.start + .seconds(seconds) }

    private func head(
        _ fields: [(String, String)] = [], _ method: HTTPMethod = .POST, _ version: HTTPVersion = .http1_1
    ) -> HTTPServerRequestPart {
        .head(
            HTTPRequestHead(version: version, method: method, uri: "/", headers: HTTPHeaders([("Host", "a")] + fields)))
    }

    private func state() -> HTTP1State { HTTP1State(limits, now: Self.start) }

    private func state(after parts: HTTPServerRequestPart...) -> HTTP1State {
        var state = state()
        _ = state.read(100, now: Self.start)
        for part in parts { _ = state.receive(part, now: Self.start) }
        return state
    }

    /// Answers the current request.
    ///
    /// - Returns: whether the response says `Connection: close`, and what follows it.
    private func answer(
        _ state: inout HTTP1State, _ response: Response = Response(.ok), now: NIODeadline = start
    ) throws -> (closes: Bool, action: String) {
        let answered = state.answer(response)
        let exchange = try #require(answered)
        return (exchange.isLast, "\(state.finish(exchange, pause: response.pause, now: now))")
    }

    @Test("A whole request goes to the responder, and the next one is read after the response")
    func oneAfterTheOther() throws {
        var state = state(after: head())
        #expect(state.wantsInput)
        guard case .respond(_, .whole) = state.receive(.end(nil), now: Self.start) else {
            Issue.record("no request")
            return
        }
        #expect(!state.wantsInput)
        #expect(try answer(&state) == (false, "nothing"))
        #expect(state.wantsInput)
    }

    @Test(
        "RFC 9112 section 9.3: after one of these requests the connection ends",
        arguments: [
            ([("Connection", "close")], true), ([("Connection", "CLOSE")], true), ([("Connection", "a, close")], true),
            ([("Connection", "a"), ("connection", "close, b")], true), ([("Connection", "a; close")], false),
            ([("Connection", "keep-alive")], false), ([], false), ([("Upgrade", "h2c")], false),
            ([("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings")], true),
            ([("Connection", "\u{600},close")], true), ([("Connection", "clo\u{17F}e")], false),
        ] as [([(String, String)], Bool)])
    func lastRequests(fields: [(String, String)], isLast: Bool) throws {
        var state = state(after: head(fields), .end(nil))
        #expect(try answer(&state) == (isLast, isLast ? "linger" : "nothing"))
    }

    @Test("HTTP/1.0 and CONNECT end the connection")
    func oldClients() throws {
        for part in [head([("Connection", "keep-alive")], .GET, .http1_0), head([], .CONNECT)] {
            var state = state(after: part, .end(nil))
            #expect(try answer(&state).closes)
        }
    }

    @Test(
        "RFC 9112 sections 3.2, 6.1 and 6.3: a head that two servers could frame differently is refused",
        arguments: [
            [("Host", "b")], [("Transfer-Encoding", "gzip, chunked")], [("Transfer-Encoding", "")],
            [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
            [("Transfer-Encoding", "chun\u{212A}ed")],
            [("Transfer-Encoding", "\u{600}chunked")], [("Content-Length", "+5")], [("Content-Length", "\u{661}")],
        ])
    func ambiguousFraming(fields: [(String, String)]) {
        var state = state()
        guard case .refuse(.badRequest) = state.receive(head(fields), now: Self.start) else {
            Issue.record("the head was accepted")
            return
        }
        // The position of the next request depends on the framing.
        guard case .nothing = state.receive(head(), now: Self.start) else {
            Issue.record("a request was accepted after the refusal")
            return
        }
    }

    @Test("RFC 9110 section 10.1.1: a client that expects 100 (Continue) gets it, unless it is of HTTP/1.0")
    func interimResponse() {
        var state = state()
        let expect = [("Expect", "100-Continue"), ("Content-Length", "5")]
        #expect("\(state.receive(head(expect), now: Self.start))" == "sendContinue")
        for part in [head(expect, .POST, .http1_0), head([("Expect", "200-ok")])] {
            var other = self.state()
            #expect("\(other.receive(part, now: Self.start))" == "nothing")
        }
    }

    @Test("RFC 9110 section 15.5.14: content that is too long is refused as soon as that is known")
    func longContent() throws {
        var announced = state()
        guard case .respond(_, .tooLarge) = announced.receive(head([("Content-Length", "16385")]), now: Self.start)
        else {
            Issue.record("the length was accepted")
            return
        }
        // The rest is read and dropped, so that the client can read the response.
        #expect(try answer(&announced) == (true, "nothing"))
        #expect(announced.wantsInput)
        #expect("\(announced.receive(.end(nil), now: Self.start))" == "linger")

        var chunked = state(after: head([("Transfer-Encoding", "chunked")]))
        #expect("\(chunked.receive(.body(ByteBuffer(repeating: 0, count: 16384)), now: Self.start))" == "nothing")
        guard case .respond(_, .tooLarge) = chunked.receive(.body(ByteBuffer(repeating: 0, count: 1)), now: Self.start)
        else {
            Issue.record("17 KiB were accepted")
            return
        }
        // A client that waits for 100 (Continue) sends nothing more.
        var waiting = state()
        _ = waiting.receive(head([("Content-Length", "99999"), ("Expect", "100-continue")]), now: Self.start)
        #expect(try answer(&waiting) == (true, "linger"))
    }

    @Test("RFC 9110 section 15: a request that breaks off has one response")
    func brokenRequests() throws {
        var unanswered = state(after: head([("Transfer-Encoding", "chunked")]))
        guard case .refuse(.badRequest) = unanswered.fail(.badRequest, now: Self.start) else {
            Issue.record("not refused")
            return
        }
        var answered = state(after: head([("Content-Length", "99999")]))
        _ = try answer(&answered)
        #expect("\(answered.fail(.badRequest, now: Self.start))" == "linger")
    }

    @Test("Chunk extensions and other framing have a limit, which thousands of chunks of one octet reach")
    func framingLimit() {
        var state = state(after: head([("Transfer-Encoding", "chunked")]))
        #expect(state.read(4096, now: Self.start) == .parse)
        for _ in 0..<4 { _ = state.read(4096, now: Self.start) }
        #expect(state.read(4096, now: Self.start) == .refuse)
        var small = self.state(after: head([("Transfer-Encoding", "chunked")]))
        var count = 0
        while count < 16384, small.read(6, now: Self.start) == .parse {
            _ = small.receive(.body(ByteBuffer(repeating: 0, count: 1)), now: Self.start)
            count += 1
        }
        #expect((2700...3300).contains(count))
    }

    @Test("Blank lines before a request have a limit")
    func blankLines() {
        var state = state()
        for _ in 0..<12 { #expect(state.read(4096, now: Self.start) == .parse) }
        #expect(state.read(4096, now: Self.start) == .refuse)
    }

    @Test("RFC 9112 section 9.6: after the last response, input is dropped until the client closes or two seconds pass")
    func lingering() throws {
        var state = state(after: head([("Connection", "close")]), .end(nil))
        _ = try answer(&state)
        #expect(state.read(100, now: Self.start) == .drop)
        #expect("\(state.expire(now: after(1)))" == "nothing")
        #expect("\(state.expire(now: after(2)))" == "close")
        var left = self.state(after: head([("Connection", "close")]), .end(nil))
        _ = try answer(&left)
        #expect("\(left.endInput())" == "close")
    }

    @Test("A client that has closed its side gets its response, and the connection ends")
    func halfClosed() throws {
        var state = state(after: head(), .end(nil))
        #expect("\(state.endInput())" == "nothing")
        #expect(try answer(&state) == (true, "close"))
        var idle = self.state()
        #expect("\(idle.endInput())" == "close")
    }

    @Test("Each phase has its deadline: silence, a head, the content, the time between requests")
    func deadlines() throws {
        var silent = state()
        #expect("\(silent.expire(now: after(29)))" == "nothing")
        #expect("\(silent.expire(now: after(30)))" == "close")

        var slowHead = state()
        _ = slowHead.read(1, now: after(20))
        _ = slowHead.read(1, now: after(40))
        #expect(slowHead.deadline == after(50))
        guard case .refuse(.requestTimeout) = slowHead.expire(now: after(50)) else {
            Issue.record("the head may take longer")
            return
        }
        var slowContent = state(after: head([("Content-Length", "5")]))
        _ = slowContent.receive(.body(ByteBuffer(repeating: 0, count: 1)), now: after(9))
        guard case .refuse(.requestTimeout) = slowContent.expire(now: after(10)) else {
            Issue.record("the content may take longer")
            return
        }
        var idle = state(after: head(), .end(nil))
        #expect(idle.deadline == nil)
        _ = try answer(&idle, now: after(5))
        #expect(idle.deadline == after(80))
        #expect("\(idle.expire(now: after(80)))" == "close")
    }

    @Test("After a response with a pause nothing is read until its end")
    func pauses() throws {
        var state = state(after: head(), .end(nil))
        var response = Response(.tooManyRequests)
        response.pause = .seconds(3)
        _ = try answer(&state, response)
        #expect(!state.wantsInput)
        _ = state.expire(now: after(2))
        #expect(!state.wantsInput)
        _ = state.expire(now: after(3))
        #expect(state.wantsInput)
    }

    @Test("Graceful shutdown closes an idle connection, and lets a request end with Connection: close")
    func draining() throws {
        var idle = state()
        #expect("\(idle.drain(isSending: false, now: Self.start))" == "close")
        var busy = state(after: head(), .end(nil))
        #expect("\(busy.drain(isSending: false, now: Self.start))" == "nothing")
        #expect(try answer(&busy) == (true, "linger"))
        var slow = state()
        _ = slow.read(1, now: Self.start)
        #expect("\(slow.drain(isSending: false, now: Self.start))" == "nothing")
        #expect(slow.deadline == after(15))
    }

    @Test("A response that asks for it ends the connection")
    func responsesThatClose() throws {
        var state = state(after: head(), .end(nil))
        var response = Response(.ok)
        response.closesConnection = true
        #expect(try answer(&state, response) == (true, "linger"))
        let result1 = state.answer(response)
        #expect(result1 == nil)
    }
}
