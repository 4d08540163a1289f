import NIOCore
import NIOHTTP1
import Testing
import WireText

@testable import HTTPEdge

@Suite("A connection of HTTP/1 with its handlers")
struct HTTP1ConnectionTests {
    private let edge = EdgeFixture()

    private func get(_ path: String, _ fields: String...) -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields.map { $0 + "\r\n" }.joined())\r\n"
    }

    private func post(_ length: Int) -> String {
        "POST /echoed HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n" + String(repeating: "a", count: length)
    }

    private func responses(of connection: EmbeddedConnection) throws -> ReceivedResponses {
        try ReceivedResponses(connection.received)
    }

    @Test("The requests of a pipeline are answered in order, in whatever pieces they come", arguments: [1, 7, 4096])
    func pipeline(size: Int) throws {
        let connection = try edge.connect()
        var rest = Array((get("/a") + get("/later") + get("/b") + get("/c")).utf8)[...]
        while !rest.isEmpty {
            connection.send(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        #expect(try responses(of: connection).texts == ["200 /a"])
        edge.answer(connection)
        let responses = try responses(of: connection)
        #expect(responses.texts == ["200 /a", "200 /later", "200 /b", "200 /c"])
        #expect(connection.isOpen && !responses.saysClose)
    }

    @Test("A head of 15 KiB is accepted, and one of 17 KiB is refused with 431", arguments: [1, 40])
    func largeHeads(fieldCount: Int) throws {
        for (size, status) in [(15, "200 /a"), (17, "431")] {
            let connection = try edge.connect()
            let value = String(repeating: "a", count: size * 1024 / fieldCount)
            connection.send("GET /a HTTP/1.1\r\nHost: a\r\n".utf8)
            for number in 0..<fieldCount { connection.send("x\(number): \(value)\r\n".utf8) }
            connection.send("\r\n".utf8)
            #expect(try responses(of: connection).texts == [status])
        }
    }

    @Test("A request that cannot be parsed is reported with its status and the client's address")
    func reportsWhatCannotBeParsed() throws {
        let connection = try edge.connect()
        connection.send("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n".utf8)
        #expect(try responses(of: connection).texts == ["400"])
        #expect(
            edge.reported {
                if case .malformedRequest(.badRequest, IPAddress("127.0.0.1")) = $0 { true } else { false }
            })
    }

    @Test("While a request waits for its response, no more is read")
    func oneRequestAtATime() throws {
        let connection = try edge.connect()
        connection.send(get("/later").utf8)
        connection.send(get("/a").utf8)
        #expect(connection.unsentCount > 0)
        edge.answer(connection)
        #expect(connection.unsentCount == 0)
    }

    @Test("The request behind 64 that wait in a pipeline is refused, and nothing that follows it is answered")
    func fullPipeline() throws {
        let connection = try edge.connect()
        connection.send((get("/later") + (1...80).map { get("/\($0)") }.joined()).utf8)
        edge.answer(connection)
        let responses = try responses(of: connection)
        #expect(responses.texts == ["200 /later"] + (1...64).map { "200 /\($0)" } + ["429"])
        #expect(responses.saysClose && connection.socket.isOutputClosed)
        connection.send(get("/later-still").utf8)
        #expect(try self.responses(of: connection).texts.count == 66)
    }

    @Test("What waits in a pipeline when the client closes its side is bounded in octets, too")
    func octetsOfAPipeline() throws {
        let connection = try edge.connect()
        connection.send((get("/later") + String(repeating: post(4000), count: 40)).utf8)
        connection.endInput()
        #expect(edge.budget.drawn < 100 * 1024)
        edge.answer(connection)
        let responses = try responses(of: connection)
        #expect(responses.texts.map { $0.prefix(7) } == ["200 /la"] + Array(repeating: "200 /ec", count: 4) + ["429"])
        #expect(responses.saysClose && !connection.isOpen)
    }

    @Test("If there is no memory for what waits, all that follows is refused")
    func memoryOfAPipeline() throws {
        let edge = EdgeFixture(memory: 70 * 1024)
        let connection = try edge.connect()
        connection.send((get("/later") + String(repeating: post(2000), count: 8)).utf8)
        connection.endInput()
        edge.answer(connection)
        let responses = try responses(of: connection)
        #expect(responses.texts.dropLast().allSatisfy { $0.hasPrefix("200 ") })
        #expect(responses.texts.last == "503" && responses.saysClose)
        #expect(String(decoding: connection.received, as: UTF8.self).contains("Retry-After: 1\r\n"))
        #expect(!connection.isOpen && edge.budget.drawn == 0)
    }

    @Test("100 (Continue) comes before the content is sent, and not after a refusal")
    func expectations() throws {
        let connection = try edge.connect()
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        connection.send("\(head)Content-Length: 3\r\n\r\n".utf8)
        #expect(try responses(of: connection).texts == ["100"])
        connection.send("abc".utf8)
        #expect(try responses(of: connection).texts == ["100", "200 abc"])
        connection.send("\(head)Content-Length: 99999\r\n\r\n".utf8)
        let responses = try responses(of: connection)
        #expect(responses.texts == ["100", "200 abc", "413"])
        #expect(responses.saysClose && connection.socket.isOutputClosed)
    }

    @Test("A client that closes its side gets the responses to all requests that it has sent")
    func closedInput() throws {
        let connection = try edge.connect()
        connection.send((get("/later") + get("/a") + get("/large") + get("/b")).utf8)
        connection.endInput()
        #expect(connection.isOpen && connection.received.isEmpty)
        edge.answer(connection)
        let responses = try responses(of: connection)
        #expect(responses.texts.map { $0.prefix(9) } == ["200 /late", "200 /a", "200 aaaaa", "200 /b"])
        #expect(!connection.isOpen && !connection.socket.isTruncated)
    }

    @Test("A client that closes its side may read the responses later")
    func closedInputAndSlowReader() throws {
        let connection = try edge.connect()
        connection.socket.stopReading()
        connection.send((get("/large") + get("/a") + get("/b")).utf8)
        connection.endInput()
        for _ in 0..<3 {
            connection.advance(by: .seconds(5))
            connection.socket.read(EmbeddedSocket.highMark)
        }
        connection.socket.read()
        connection.run()
        #expect(try responses(of: connection).texts.map { $0.prefix(9) } == ["200 aaaaa", "200 /a", "200 /b"])
        #expect(!connection.isOpen && !connection.socket.isTruncated)
    }

    @Test("A client that closes its side in the middle of a request gets a refusal")
    func half() throws {
        let connection = try edge.connect()
        connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na".utf8)
        connection.endInput()
        #expect(try responses(of: connection).texts == ["400"])
        #expect(!connection.isOpen)
    }

    @Test(
        "A client that reads nothing is closed: of many octets as of few, after the last response as before",
        arguments: [
            ["/large"], ["/large", "/large", "/a"], ["/a"], ["/a", "/a last"], ["/large", "/a last"],
            ["/large-pause", "/a"],
        ])
    func reader(paths: [String]) throws {
        let connection = try edge.connect()
        connection.socket.stopReading()
        for path in paths {
            let words = path.split(separator: " ")
            connection.send((words.count > 1 ? get("/a", "Connection: close") : get(path)).utf8)
        }
        connection.advance(by: .seconds(5))
        #expect(connection.isOpen)
        connection.advance(by: .seconds(80))
        #expect(!connection.isOpen)
        #expect(edge.budget.drawn == 0)
    }

    @Test("A client that is asked to come back later is not read until then")
    func pause() throws {
        let connection = try edge.connect()
        connection.send(get("/pause").utf8)
        connection.send(get("/a").utf8)
        connection.advance(by: .seconds(1))
        #expect(try responses(of: connection).texts == ["200 /pause"])
        connection.advance(by: .seconds(1))
        #expect(try responses(of: connection).texts == ["200 /pause", "200 /a"])
    }

    @Test("Graceful shutdown closes idle connections at once, and others after their response")
    func drain() throws {
        let (idle, busy) = (try edge.connect(), try edge.connect())
        busy.send(get("/later").utf8)
        for connection in [idle, busy] {
            connection.listener.drain()
            connection.run()
        }
        #expect(!idle.isOpen && busy.isOpen)
        edge.answer(busy)
        #expect(try responses(of: busy).saysClose)
        busy.endInput()
        #expect(!busy.isOpen && edge.budget.drawn == 0)
    }

    @Test("A request that needs more memory than there is is refused, and all memory is given back")
    func memory() throws {
        let edge = EdgeFixture(memory: 80 * 1024)
        let connection = try edge.connect()
        connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\n".utf8)
        connection.send(String(repeating: "a", count: 15_999).utf8)
        #expect(try responses(of: connection).texts == ["503"])
        connection.reset()
        #expect(edge.budget.drawn == 0 && !connection.isOpen)
    }
}
