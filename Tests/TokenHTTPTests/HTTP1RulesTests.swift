import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@testable import TokenHTTP

/// Which messages of HTTP/1 are taken, and which request is the last of its connection.
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
        // Where nothing is written any more, writing fails.
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

    @Test(arguments: [
        "", "localhost", "tokens.example.com:8443", "192.0.2.1", "[2001:db8::17]", "[::1]:80", "a:",
        "xn--a_b~c!$&'()*+,;=",
        "%C3%A4",
    ])
    func aHost(text: String) {
        #expect(HostField.isValid(text[...]))
    }

    @Test(arguments: ["a b", "u@a", "a/b", "a:b", "a:1:2", "[::1", "[]", "[::1]80", "a?b", "a#b", "é", "a\\b", "a\"b"])
    func noHost(text: String) {
        #expect(!HostField.isValid(text[...]))
    }

    /// RFC 9112 sections 3.2 and 6.1
    @Test(arguments: [
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
        // What comes behind something that has two meanings may be anything.
        try channel.writeInbound(head([("Host", "a")]))
        #expect(try count(channel) == (isGood ? 1 : 0))
    }

    @Test func http10() throws {
        let old = HTTPVersion.http1_0
        try channel(MessageFramingHandler()).writeInbound(head([], .GET, old))
        let chunked = [("Host", "a"), ("Transfer-Encoding", "chunked")]
        let channel = try channel(MessageFramingHandler())
        #expect(throws: HTTPParserError.invalidHeaderToken) { try channel.writeInbound(head(chunked, .POST, old)) }
    }

    @Test(arguments: [
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

    @Test func connectAndHTTP10AreTheLast() throws {
        for request in [head([], .CONNECT), head([("Connection", "keep-alive")], .GET, .http1_0)] {
            let channel = try channel(ConnectionPersistence())
            try send(request, to: channel)
            #expect(try answer(channel)?["Connection"] == ["close"])
            #expect(!channel.isActive)
        }
    }

    /// What was asked before is answered; nothing is read any more.
    @Test func theLastAnswerIsThatToTheLastRequest() throws {
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

    /// On the way down, with requests in a pipeline.
    @Test func anAnswerThatSaysSoIsTheLast() throws {
        let channel = try channel(ConnectionPersistence())
        for _ in 0..<3 { try send(head(), to: channel) }
        #expect(try answer(channel) == [:])
        #expect(try answer(channel, ["Connection": "close"])?["Connection"] == ["close"])
        #expect(!channel.isActive)
        #expect(try answer(channel) == nil)
    }

    @Test func aPipelineHasAnEnd() throws {
        let channel = try channel(ConnectionPersistence())
        for _ in 0..<100 { try send(head(), to: channel) }
        #expect(try count(channel) == 64)
        for _ in 0..<63 { #expect(try answer(channel)?["Connection"] == []) }
        #expect(try answer(channel)?["Connection"] == ["close"])
        #expect(!channel.isActive)
    }

    /// RFC 9112 section 9.6: it would hear of a reset instead of its answer.
    @Test func whoStillSendsIsHeardOut() throws {
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

    @Test func whoHasLeftIsNotWaitedFor() throws {
        let closes = CloseRecorder()
        let channel = EmbeddedChannel(handlers: [closes, ConnectionPersistence()])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try send(head([("Connection", "close")]), to: channel)
        #expect(try answer(channel) != nil)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(closes.modes == [.output, .all])
    }

    /// Keeps the channel open, to see what is asked of it.
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

    /// RFC 9110 section 15: one final answer.
    @Test(arguments: [true, false]) func aRequestThatBreaksOffHasOneAnswer(isAnsweredBefore: Bool) throws {
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

    /// RFC 9110 section 10.1.1
    @Test(
        arguments: [("100-continue", [100]), ("100-Continue", [100]), ("something", []), (nil, [])]
            as [(String?, [Int])])
    func whoeverWaitsIsToldToGoOn(expect: String?, told: [Int]) throws {
        let channel = try channel(ContinueHandler(maximumBodySize: 16 * 1024))
        try channel.writeInbound(request(expect))
        #expect(try statuses(channel) == told)
    }

    @Test func answersKeepTheirOrder() throws {
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
