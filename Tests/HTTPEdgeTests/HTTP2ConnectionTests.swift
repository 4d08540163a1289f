import NIOCore
import NIOHPACK
import Testing

@testable import HTTPEdge

@Suite("A connection of HTTP/2 with its handlers")
struct HTTP2ConnectionTests {
    private let edge = EdgeFixture()

    private func connect() throws -> EmbeddedConnection {
        let connection = try edge.connect(.http2)
        connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        connection.send(Frame(.settings).octets)
        return connection
    }

    private func get(_ path: String, on stream: UInt8) throws -> [UInt8] {
        Frame(.headers, flags: 5, stream: stream, try head("GET", path)).octets
    }

    private func head(_ method: String, _ path: String, _ fields: [(String, String)] = []) throws -> [UInt8] {
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), maxDynamicTableSize: 0)
        var octets = ByteBuffer()
        try encoder.encode(
            headers: HPACKHeaders(
                [(":method", method), (":scheme", "https"), (":authority", "a"), (":path", path)] + fields), to: &octets
        )
        return Array(octets.readableBytesView)
    }

    /// What the client has read, each frame as its type and its stream.
    private func frames(_ connection: EmbeddedConnection) -> [String] {
        Frame.all(in: connection.received).map { "\($0.type) \($0.stream)" }
    }

    @Test("Requests are answered when their responses are there, in any order")
    func order() throws {
        let connection = try connect()
        connection.send(try get("/later", on: 1) + get("/a", on: 3))
        #expect(frames(connection).suffix(2) == ["headers 3", "data 3"])
        edge.answer(connection)
        #expect(frames(connection).suffix(2) == ["headers 1", "data 1"])
    }

    @Test("RFC 9113 section 7: a client that asks for content that goes on is asked to use HTTP/1.1")
    func stream() throws {
        let connection = try connect()
        connection.send(try get("/stream", on: 1))
        #expect(frames(connection).suffix(1) == ["resetStream 1"])
        #expect(Frame.all(in: connection.received).last?.payload == [0, 0, 0, 0x0D])
        #expect(edge.pieces.endCount == 1)
    }

    /// The beginning of a request whose content does not come.
    private func post(on stream: UInt8) throws -> [UInt8] {
        Frame(.headers, flags: 4, stream: stream, try head("POST", "/echo")).octets
    }

    @Test("A client that knows the limit has 16 streams at first")
    func streams() throws {
        let connection = try connect()
        connection.send(Frame(.settings, flags: 1).octets)
        for id in 0..<17 { connection.send(try post(on: UInt8(2 * id + 1))) }
        // The client knows the limit, so that the parser ends the connection.
        #expect(frames(connection).suffix(1) == ["goAway 0"])
    }

    @Test("Whole requests are answered however many come before a client knows the limit, up to 100")
    func wholeRequests() throws {
        let connection = try connect()
        for id in 0..<60 { connection.send(try get("/later", on: UInt8(2 * id + 1))) }
        edge.answer(connection)
        #expect(frames(connection).count { $0.hasPrefix("headers") } == 60)
        connection.send(try get("/authenticated", on: 121))
        for id in 61..<100 { connection.send(try post(on: UInt8(2 * id + 1))) }
        #expect(frames(connection).count { $0.hasPrefix("resetStream") } == 0)
    }

    @Test("A response that comes before the whole request ends the stream")
    func early() throws {
        let connection = try connect()
        let fields = try head("POST", "/echo", [("content-length", "99999")])
        connection.send(Frame(.headers, flags: 4, stream: 1, fields).octets)
        #expect(frames(connection).suffix(2) == ["headers 1", "resetStream 1"])
    }

    @Test("Graceful shutdown sends GOAWAY, lets streams end, and then closes the connection")
    func drain() throws {
        let connection = try connect()
        connection.send(try get("/later", on: 1))
        connection.listener.drain()
        connection.run()
        #expect(frames(connection).suffix(1) == ["goAway 0"])
        edge.answer(connection)
        #expect(frames(connection).suffix(2) == ["headers 1", "data 1"])
        #expect(connection.isOpen)
        connection.advance(by: .seconds(2))
        #expect(!connection.isOpen && edge.budget.drawn == 0)
    }

    @Test("A client that reads nothing is closed, and all memory is given back", arguments: ["/large", "/a"])
    func reader(path: String) throws {
        let connection = try connect()
        connection.socket.stopReading()
        connection.send(try get(path, on: 1))
        connection.advance(by: .seconds(120))
        #expect(!connection.isOpen && edge.budget.drawn == 0)
    }

    @Test("A silent connection gets GOAWAY, and is closed if the client does not close it")
    func silence() throws {
        let connection = try connect()
        connection.advance(by: .seconds(30))
        #expect(frames(connection).last == "goAway 0" && connection.isOpen)
        connection.advance(by: .seconds(5))
        #expect(!connection.isOpen && edge.budget.drawn == 0)
    }
}

/// A frame, RFC 9113 section 4.1.
private struct Frame {
    enum Kind: UInt8 {
        case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    let type: Kind
    var flags: UInt8 = 0
    var stream: UInt8 = 0
    var payload: [UInt8] = []

    init(_ type: Kind, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8] = []) {
        self.type = type
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    var octets: [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type.rawValue, flags, 0, 0, 0, stream] + payload
    }

    static func all(in octets: [UInt8]) -> [Frame] {
        var (rest, frames) = (octets[...], [Frame]())
        while rest.count >= 9, let type = Kind(rawValue: rest[rest.startIndex + 3]) {
            let start = rest.startIndex
            let length = rest[start..<(start + 3)].reduce(0) { $0 << 8 | Int($1) }
            let payload = Array(rest.dropFirst(9).prefix(length))
            frames.append(Frame(type, flags: rest[start + 4], stream: rest[start + 8], payload))
            rest = rest.dropFirst(9 + length)
        }
        return frames
    }
}
