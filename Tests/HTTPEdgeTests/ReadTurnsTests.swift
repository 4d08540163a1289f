import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPEdge

@Suite("Connections that send many requests at once take turns")
struct ReadTurnsTests {
    private static let pause: TimeAmount = .microseconds(100)

    @Test("What a turn adds waits until the event loop has polled its connections")
    func oneBatchAtATime() {
        let loop = EmbeddedEventLoop()
        let turns = ReadTurns(loop)
        var order: [String] = []
        func take(_ name: String, _ rest: Int) {
            order.append(name)
            if rest > 0 { turns.add { take(name, rest - 1) } }
        }
        turns.add { take("a", 2) }
        turns.add { take("b", 0) }
        loop.run()
        #expect(order.isEmpty)
        for expected in [["a", "b"], ["a", "b", "a"], ["a", "b", "a", "a"]] {
            loop.advanceTime(by: Self.pause)
            #expect(order == expected)
        }
        #expect(turns.isEmpty)
    }

    @Test("Of many requests in one read some are answered in each turn, in order, before more is read")
    func manyRequestsInOneRead() throws {
        let connection = try EdgeFixture().connect()
        let paths = (10..<60).map { "/\($0)" }
        let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        connection.socket.deliver(ByteBuffer(string: requests))
        #expect(connection.received.isEmpty && !connection.socket.wantsInput)
        connection.loop.advanceTime(by: Self.pause)
        let first = try ReceivedResponses(connection.received).texts
        #expect(!first.isEmpty && first.count < paths.count)
        connection.run()
        #expect(try ReceivedResponses(connection.received).texts == paths.map { "200 \($0)" })
        #expect(connection.socket.wantsInput)
    }

    @Test("A client that has sent many requests in one read waits for its turn with the next one, too")
    func nextRead() throws {
        let connection = try EdgeFixture().connect()
        let request = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.send((request + request).utf8)
        #expect(try ReceivedResponses(connection.received).texts.count == 2)
        connection.socket.deliver(ByteBuffer(string: request))
        #expect(try ReceivedResponses(connection.received).texts.count == 2)
        connection.run()
        #expect(try ReceivedResponses(connection.received).texts.count == 3)
        connection.socket.deliver(ByteBuffer(string: request))
        #expect(try ReceivedResponses(connection.received).texts.count == 4)
    }

    @Test("The end of the input is not seen before what was sent in front of it")
    func endOfInput() throws {
        let connection = try EdgeFixture().connect()
        let requests = String(repeating: "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", count: 50)
        connection.socket.deliver(ByteBuffer(string: requests))
        connection.endInput()
        #expect(try ReceivedResponses(connection.received).texts.count == 50)
        #expect(!connection.isOpen)
    }
}
