import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import NIOTLS
import Testing

@testable import TokenHTTP

/// The handlers that limit the time of a connection, with a clock that the tests advance.
@Suite struct ConnectionHandlerTests {
    private let head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/oauth2/token")

    private func channel(_ handler: any ChannelHandler) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func pass(_ seconds: Int64, on channel: EmbeddedChannel) {
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    @Test("A connection is closed if a request is not complete in time, even if the client keeps sending")
    func aRequestThatDoesNotEndIsGivenUp() throws {
        let channel = try channel(RequestDeadline(.seconds(10)))
        pass(100, on: channel)
        #expect(channel.isActive)
        try channel.writeInbound(HTTPRequestPart.head(head))
        pass(9, on: channel)
        // Another part of the body does not extend the deadline.
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "a")))
        #expect(channel.isActive)
        pass(1, on: channel)
        #expect(!channel.isActive)
    }

    @Test("Each request of a connection has a deadline of its own")
    func aRequestThatEndsIsNot() throws {
        let channel = try channel(RequestDeadline(.seconds(10)))
        for _ in 0..<3 {
            try channel.writeInbound(HTTPRequestPart.head(head))
            pass(9, on: channel)
            try channel.writeInbound(HTTPRequestPart.end(nil))
            pass(100, on: channel)
            #expect(channel.isActive)
        }
        try channel.writeInbound(HTTPRequestPart.head(head))
        pass(10, on: channel)
        #expect(!channel.isActive)
    }

    @Test("A connection is closed if the client does not read its answers in time")
    func whoDoesNotReadIsGivenUp() throws {
        let reading = try channel(ReaderDeadline(.seconds(10)))
        let silent = try channel(ReaderDeadline(.seconds(10)))
        for channel in [reading, silent] {
            channel.isWritable = false
            channel.pipeline.fireChannelWritabilityChanged()
            pass(9, on: channel)
        }
        reading.isWritable = true
        reading.pipeline.fireChannelWritabilityChanged()
        for channel in [reading, silent] { pass(1, on: channel) }
        #expect(!silent.isActive)
        pass(100, on: reading)
        #expect(reading.isActive)
    }

    @Test(
        "After an answer with Retry-After, the connection is not read before its turn",
        arguments: [("1", false), (nil, true)] as [(String?, Bool)])
    func whoIsAskedToComeBackLaterIsNotReadBefore(retryAfter: String?, isRead: Bool) throws {
        let pacing = RetryPacing(interval: .milliseconds(200))
        let channel = try channel(RetryPacingHandler(pacing))
        func refuse() throws {
            var answer = HTTPResponse(status: .serviceUnavailable)
            answer.headerFields[.retryAfter] = retryAfter
            try channel.writeOutbound(HTTPResponsePart.head(answer))
            try channel.writeOutbound(HTTPResponsePart.end(nil))
        }
        func isReading() throws -> Bool {
            channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool ?? true
        }
        // The first client does not wait.
        try refuse()
        #expect(try isReading())
        try refuse()
        #expect(try isReading() == isRead)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(199))
        #expect(try isReading() == isRead)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try isReading())
    }

    @Test("Turns follow one another at the interval, and no client waits longer than Retry-After")
    func turnsFollowOneAnotherAndNobodyWaitsForLongerThanAsked() {
        let pacing = RetryPacing(interval: .milliseconds(1))
        var now = NIODeadline.uptimeNanoseconds(5_000_000_000)
        let waits = (0..<5000).map { _ in pacing.wait(now: now, retryAfter: .seconds(3)) }
        #expect(waits[..<3000].enumerated().allSatisfy { $1 == .milliseconds(Int64($0)) })
        #expect(waits[3000...].allSatisfy { $0 == .seconds(3) })
        // Clients that wait have their turns first, but the backlog is at most the longest wait.
        now = now + .milliseconds(1400)
        #expect(pacing.wait(now: now, retryAfter: .seconds(60)) == .milliseconds(2600))
        now = now + .seconds(10)
        #expect(pacing.wait(now: now, retryAfter: .seconds(1)) == .zero)
    }

    private let completed = TLSUserEvent.handshakeCompleted(negotiatedProtocol: "h2")

    @Test("A connection is closed if its TLS handshake is not complete in time")
    func aHandshakeThatDoesNotEndIsGivenUp() throws {
        let slow = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        let good = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        for channel in [slow, good] { pass(9, on: channel) }
        good.pipeline.fireUserInboundEventTriggered(completed)
        for channel in [slow, good] { pass(2, on: channel) }
        #expect(!slow.isActive)
        #expect(good.isActive)
        pass(20, on: good)
        #expect(good.isActive)
    }

    @Test("A TLS connection is closed if the client sends nothing for too long")
    func aSilentConnectionIsClosed() throws {
        let channel = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        channel.pipeline.fireUserInboundEventTriggered(completed)
        for _ in 0..<3 {
            pass(34, on: channel)
            try channel.writeInbound(ByteBuffer(string: "a"))
            try channel.writeOutbound(ByteBuffer(string: "b"))
            #expect(channel.isActive)
        }
        pass(34, on: channel)
        #expect(channel.isActive)
        pass(1, on: channel)
        #expect(!channel.isActive)
    }

    /// As when the client sends one frame octet by octet.
    @Test("A TLS connection is closed if the service has nothing to answer for too long")
    func aConnectionThatThereIsNothingToSayToIsClosed() throws {
        let channel = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        channel.pipeline.fireUserInboundEventTriggered(completed)
        for _ in 0..<34 {
            pass(1, on: channel)
            try channel.writeInbound(ByteBuffer(string: "a"))
        }
        pass(1, on: channel)
        #expect(channel.isActive)
        pass(1, on: channel)
        #expect(!channel.isActive)
    }

    @Test("A request that follows a long silence has its full time")
    func aRequestBehindALongSilenceHasItsTime() throws {
        let channel = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        channel.pipeline.fireUserInboundEventTriggered(completed)
        try channel.writeInbound(ByteBuffer(string: "a"))
        try channel.writeOutbound(ByteBuffer(string: "b"))
        pass(29, on: channel)
        for _ in 0..<10 {
            try channel.writeInbound(ByteBuffer(string: "a"))
            pass(1, on: channel)
        }
        #expect(channel.isActive)
    }

    @Test("When the listener is closed, a TLS connection is closed too: at once before the handshake, in time after it")
    func nobodyStaysWhenTheListenerHasGone() throws {
        let early = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        early.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!early.isActive)
        let late = try channel(SecureConnectionDeadlines(silence: .seconds(35)))
        late.pipeline.fireUserInboundEventTriggered(completed)
        late.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        for _ in 0..<14 {
            pass(1, on: late)
            try late.writeInbound(ByteBuffer(string: "a"))
        }
        #expect(late.isActive)
        pass(1, on: late)
        #expect(!late.isActive)
    }
}
