import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@testable import TokenHTTP

/// Which HTTP/1 messages are accepted, and which request is the last of its connection.
@Suite struct HTTP1RulesTests {
    private func channel(_ handler: any ChannelHandler) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func head(
        _ fields: [(String, String)] = [], _ method: HTTPMethod = .POST, _ version: HTTPVersion = .http1_1
    ) -> HTTPServerRequestPart {
        .head(HTTPRequestHead(version: version, method: method, uri: "/", headers: HTTPHeaders(fields)))
    }

    private func send(_ request: HTTPServerRequestPart, to channel: EmbeddedChannel) throws {
        try channel.writeInbound(request)
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    private func answer(
        _ channel: EmbeddedChannel, _ fields: HTTPHeaders = [:]
    ) throws -> HTTPHeaders? {
        // After the last answer, writing fails.
        _ = try? channel.writeOutbound(
            HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)))
        _ = try? channel.writeOutbound(HTTPServerResponsePart.end(nil))
        var head: HTTPHeaders?
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            if case .head(let answer) = part { head = answer.headers }
        }
        return head
    }

    private func count(_ channel: EmbeddedChannel) throws -> Int {
        var heads = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head = part { heads += 1 }
        }
        return heads
    }

    @Test(
        "RFC 9110 section 7.2: a valid Host is accepted",
        arguments: [
            "", "localhost", "tokens.example.com:8443", "192.0.2.1", "[2001:db8::17]", "[::1]:80", "a:",
            "xn--a_b~c!$&'()*+,;=",
            "%C3%A4",
        ])
    func aHost(text: String) {
        #expect(HostField.isValid(text[...]))
    }

    @Test(
        "RFC 9110 section 7.2: an invalid Host is refused",
        arguments: ["a b", "u@a", "a/b", "a:b", "a:1:2", "[::1", "[]", "[::1]80", "a?b", "a#b", "é", "a\\b", "a\"b"])
    func noHost(text: String) {
        #expect(!HostField.isValid(text[...]))
    }

    @Test(
        "RFC 9112 sections 3.2 and 6.1: a request with ambiguous framing is refused, and everything after it ignored",
        arguments: [
            ([("Host", "a")], true), ([], false), ([("Host", "a"), ("host", "a")], false), ([("Host", "a b")], false),
            ([("Host", "a \t")], true), ([("Host", "a"), ("Transfer-Encoding", "Chunked \t")], true),
            ([("Host", "a"), ("Transfer-Encoding", "gzip, chunked")], false),
            ([("Host", "a"), ("Transfer-Encoding", "")], false),
            ([("Host", "a"), ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], false),
        ])
    func framing(fields: [(String, String)], isGood: Bool) throws {
        let channel = try channel(MessageFramingHandler())
        if isGood {
            try channel.writeInbound(head(fields))
        } else {
            #expect(throws: HTTPParserError.invalidHeaderToken) { try channel.writeInbound(head(fields)) }
        }
        #expect(try count(channel) == (isGood ? 1 : 0))
        // The position of the next request depends on the framing, so nothing after it can be trusted.
        try channel.writeInbound(head([("Host", "a")]))
        #expect(try count(channel) == (isGood ? 1 : 0))
    }

    @Test("RFC 9112 sections 3.2 and 6.1: HTTP/1.0 needs no Host and must not have Transfer-Encoding")
    func http10() throws {
        let old = HTTPVersion.http1_0
        try channel(MessageFramingHandler()).writeInbound(head([], .GET, old))
        let chunked = [("Host", "a"), ("Transfer-Encoding", "chunked")]
        let channel = try channel(MessageFramingHandler())
        #expect(throws: HTTPParserError.invalidHeaderToken) { try channel.writeInbound(head(chunked, .POST, old)) }
    }

    @Test(
        "RFC 9112 section 9.6: a request with Connection: close, or with Upgrade, is the last of its connection",
        arguments: [
            ([], false), ([("Connection", "keep-alive")], false), ([("Connection", "close")], true),
            ([("Connection", "CLOSE")], true), ([("Connection", "a, close")], true),
            ([("Connection", "a"), ("Connection", "close, b")], true), ([("Upgrade", "h2c")], true),
        ])
    func whichRequestIsTheLast(fields: [(String, String)], isLast: Bool) throws {
        let channel = try channel(ConnectionPersistence())
        try send(head(fields), to: channel)
        try send(head(), to: channel)
        #expect(try count(channel) == (isLast ? 1 : 2))
        #expect(try answer(channel)?["Connection"] == (isLast ? ["close"] : []))
        #expect(channel.isActive == !isLast)
    }

    @Test("A CONNECT request and a request of HTTP/1.0 are the last of their connections")
    func connectAndHTTP10AreTheLast() throws {
        for request in [head([], .CONNECT), head([("Connection", "keep-alive")], .GET, .http1_0)] {
            let channel = try channel(ConnectionPersistence())
            try send(request, to: channel)
            #expect(try answer(channel)?["Connection"] == ["close"])
            #expect(!channel.isActive)
        }
    }

    @Test("RFC 9112 section 9.6: after the last request nothing is read, and earlier requests are answered first")
    func theLastAnswerIsThatToTheLastRequest() throws {
        let reads = ReadCounter()
        let channel = EmbeddedChannel(handlers: [reads, ConnectionPersistence()])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.read()
        try send(head(), to: channel)
        channel.read()
        #expect(reads.count == 2)
        try send(head([("Connection", "close")]), to: channel)
        channel.read()
        #expect(reads.count == 2)
        #expect(try answer(channel)?["Connection"] == [])
        #expect(channel.isActive)
        #expect(try answer(channel)?["Connection"] == ["close"])
        #expect(!channel.isActive)
    }

    /// As during graceful shutdown, with requests in a pipeline.
    @Test("RFC 9112 section 9.6: an answer with Connection: close is the last of its connection")
    func anAnswerThatSaysSoIsTheLast() throws {
        let channel = try channel(ConnectionPersistence())
        for _ in 0..<3 { try send(head(), to: channel) }
        #expect(try answer(channel) == [:])
        #expect(try answer(channel, ["Connection": "close"])?["Connection"] == ["close"])
        #expect(!channel.isActive)
        #expect(try answer(channel) == nil)
    }

    @Test("A connection is closed after a pipeline of 64 requests")
    func aPipelineHasAnEnd() throws {
        let channel = try channel(ConnectionPersistence())
        for _ in 0..<100 { try send(head(), to: channel) }
        #expect(try count(channel) == 64)
        for _ in 0..<63 { #expect(try answer(channel)?["Connection"] == []) }
        #expect(try answer(channel)?["Connection"] == ["close"])
        #expect(!channel.isActive)
    }

    /// A reset could keep the client from reading its answer.
    @Test("RFC 9112 section 9.6: after the last answer, input is read and discarded for two seconds")
    func whoStillSendsIsHeardOut() throws {
        let closes = CloseRecorder()
        let channel = EmbeddedChannel(handlers: [closes, ConnectionPersistence()])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(head([("Connection", "close")]))
        #expect(try answer(channel) != nil)
        #expect(closes.modes == [.output])
        let reads = closes.reads
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "a")))
        #expect(closes.reads > reads)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(closes.modes == [.output])
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(closes.modes == [.output, .all])
        #expect(try count(channel) == 1)
    }

    @Test("After the last answer, a connection is closed as soon as the client has closed its side")
    func whoHasLeftIsNotWaitedFor() throws {
        let closes = CloseRecorder()
        let channel = EmbeddedChannel(handlers: [closes, ConnectionPersistence()])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try send(head([("Connection", "close")]), to: channel)
        #expect(try answer(channel) != nil)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(closes.modes == [.output, .all])
    }

    /// Records requests to close the channel and keeps it open.
    private final class CloseRecorder: ChannelOutboundHandler {
        typealias OutboundIn = HTTPServerResponsePart
        var modes: [CloseMode] = []
        var reads = 0

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            modes.append(mode)
            promise?.succeed()
        }

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }
    }

    @Test("RFC 9110 section 15: a request that breaks off has one final response", arguments: [true, false])
    func aRequestThatBreaksOffHasOneAnswer(isAnsweredBefore: Bool) throws {
        let channel = try channel(ConnectionPersistence())
        try channel.writeInbound(head([("Transfer-Encoding", "chunked")]))
        if isAnsweredBefore { #expect(try answer(channel) != nil) }
        channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)
        #expect(throws: HTTPParserError.self) { try channel.throwIfErrorCaught() }
        #expect(try answer(channel, ["Connection": "close"]) == (isAnsweredBefore ? nil : ["Connection": "close"]))
        #expect(!channel.isActive)
    }

    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = HTTPServerResponsePart
        var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    private func request(_ expect: String?) -> HTTPRequestPart {
        var request = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")
        request.headerFields[.expect] = expect
        return .head(request)
    }

    private func statuses(_ channel: EmbeddedChannel) throws -> [Int] {
        var statuses: [Int] = []
        while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
            if case .head(let head) = part { statuses.append(head.status.code) }
        }
        return statuses
    }

    @Test(
        "RFC 9110 section 10.1.1: a client that expects 100 (Continue) gets it, and no other client does",
        arguments: [("100-continue", [100]), ("100-Continue", [100]), ("something", []), (nil, [])]
            as [(String?, [Int])])
    func whoeverWaitsIsToldToGoOn(expect: String?, told: [Int]) throws {
        let channel = try channel(ContinueHandler(maximumBodySize: 16 * 1024))
        try channel.writeInbound(request(expect))
        #expect(try statuses(channel) == told)
    }

    @Test("RFC 9112 section 9.3.2: 100 (Continue) follows the answers to earlier requests")
    func answersKeepTheirOrder() throws {
        let channel = try channel(ContinueHandler(maximumBodySize: 16 * 1024))
        try channel.writeInbound(request(nil))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeInbound(request("100-continue"))
        #expect(try statuses(channel) == [])
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        #expect(try statuses(channel) == [200, 100])
    }
}
