import NIOCore
import Testing

@testable import HTTPEdge

@Suite("A response whose content goes on")
struct ContentSourceTests {
    private let edge = EdgeFixture()
    private var pieces: PieceSource { edge.pieces }

    private func connect(_ request: String = "GET") throws -> EmbeddedConnection {
        let connection = try edge.connect()
        connection.send("\(request) /stream HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        return connection
    }

    private func send(_ piece: String?, _ connection: EmbeddedConnection) {
        pieces.send(piece)
        connection.run()
    }

    private func text(_ connection: EmbeddedConnection) -> String {
        String(decoding: connection.received, as: UTF8.self)
    }

    @Test("RFC 9112 section 6.3: content without a length ends with the connection")
    func endsWithTheConnection() throws {
        let connection = try connect()
        let head = text(connection)
        #expect(head.contains("\r\nConnection: close\r\n") && !head.contains("Content-Length"))
        send("first,", connection)
        send("second", connection)
        #expect(text(connection) == head + "first,second")
        #expect(!connection.socket.isOutputClosed)
        send(nil, connection)
        #expect(connection.socket.isOutputClosed)
        #expect(pieces.endCount == 1)
        connection.endInput()
        #expect(!connection.isOpen && pieces.endCount == 1)
    }

    @Test("It may last: no time for idle connections or for responses ends it")
    func lasts() throws {
        let connection = try connect()
        for _ in 0..<100 {
            connection.advance(by: .seconds(60))
            send("a", connection)
        }
        #expect(connection.isOpen && pieces.awaitedCount == 1)
        send(nil, connection)
    }

    @Test("The next piece is asked for when the client has the one before, so that a slow client has one in memory")
    func waitsForTheClient() throws {
        let connection = try connect()
        connection.socket.stopReading()
        send(String(repeating: "a", count: 20_000), connection)
        #expect(pieces.awaitedCount == 0)
        connection.socket.read(10_000)
        connection.run()
        #expect(pieces.awaitedCount == 0)
        connection.socket.read()
        connection.run()
        #expect(pieces.awaitedCount == 1)
        send(nil, connection)
    }

    @Test("A client that reads nothing for ten seconds loses its connection")
    func leavesWhatDoesNotRead() throws {
        let connection = try connect()
        connection.socket.stopReading()
        send("a", connection)
        connection.advance(by: .seconds(9))
        #expect(connection.isOpen)
        connection.advance(by: .seconds(2))
        #expect(!connection.isOpen)
        #expect(pieces.endCount == 1)
    }

    @Test("Graceful shutdown ends it at once", arguments: [true, false])
    func endsAtShutdown(hasPieces: Bool) throws {
        let connection = try connect()
        if hasPieces { send("a", connection) }
        connection.listener.drain()
        connection.run()
        #expect(connection.socket.isOutputClosed && pieces.endCount == 1)
        connection.advance(by: .seconds(3))
        #expect(!connection.isOpen)
    }

    @Test("A connection that is lost ends it once")
    func endsWithALostConnection() throws {
        let connection = try connect()
        send("a", connection)
        connection.reset()
        #expect(pieces.endCount == 1)
    }

    @Test("RFC 9110 section 9.3.2: the response to HEAD has no content")
    func head() throws {
        let connection = try connect("HEAD")
        #expect(pieces.endCount == 1 && pieces.awaitedCount == 0)
        #expect(text(connection).hasSuffix("\r\n\r\n") && connection.socket.isOutputClosed)
    }

    @Test("What a client sends behind the request is not read")
    func readsNoMore() throws {
        let connection = try connect()
        connection.send([UInt8](repeating: 65, count: 100_000))
        #expect(connection.unsentCount > 80_000)
        send(nil, connection)
    }
}
