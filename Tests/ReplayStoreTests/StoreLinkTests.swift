import NIOCore
import NIOEmbedded
import Testing

@testable import ReplayStore

/// Commands on one connection, and what becomes of them if the server does not do what it should.
@Suite struct StoreLinkTests {
    private static let refused = StoreFailure("the connection was refused")

    @Test("Replies belong to commands in their order")
    func order() throws {
        let scene = StoreScene()
        try scene.begin()
        for key in ["1", "2", "3"] { scene.submit(key) }
        #expect(
            try scene.sent()
                == ["1", "2", "3"].map { String(buffer: RESPCommand.insert($0, milliseconds: 1000)) }.joined())
        try scene.answer("+OK\r\n$-1\r\n+O")
        #expect(scene.result("1")?.isFirst == true)
        #expect(scene.result("2")?.isFirst == false)
        #expect(scene.result("3") == nil)
        try scene.answer("K\r\n")
        #expect(scene.result("3")?.isFirst == true)
        #expect(scene.connectionCount == 1)
    }

    @Test("A command without a reply in time fails, and its late reply is not taken for that of the next")
    func lateReplies() throws {
        let scene = StoreScene()
        try scene.begin()
        scene.submit("1")
        scene.advance(300)
        scene.submit("2")
        scene.advance(199)
        #expect(scene.result("1") == nil && scene.channel(0).isActive)
        scene.advance(1)
        // Nobody knows either whether what was sent behind it was done.
        #expect(scene.result("1")?.failure == .timedOut && scene.result("2")?.failure == .timedOut)
        #expect(!scene.channel(0).isActive)
        #expect(scene.reports == [nil, .timedOut])
        // The next connection is there at once, and has no memory of the former one.
        #expect(scene.connectionCount == 2)
        try scene.answer("+OK\r\n")
        _ = try scene.sent()
        scene.submit("3")
        try? scene.answer("+OK\r\n", on: scene.channel(0))
        #expect(scene.result("3") == nil)
        try scene.answer("$-1\r\n")
        #expect(scene.result("3")?.isFirst == false)
    }

    @Test(
        "Another reply than +OK and null fails the command and ends the connection",
        arguments: [
            ("-OOM command not allowed\r\n", StoreFailure.refused("OOM")), ("-READONLY x\r\n", .refused("READONLY")),
            (":1\r\n", .unexpectedReply), ("+QUEUED\r\n", .unexpectedReply), ("$1\r\n1\r\n", .unexpectedReply),
            ("*0\r\n", .unexpectedReply), (String(repeating: "x", count: 5000), .unexpectedReply),
        ])
    func otherReplies(reply: String, failure: StoreFailure) throws {
        let scene = StoreScene()
        try scene.begin()
        for key in ["1", "2"] { scene.submit(key) }
        try scene.answer(reply)
        #expect(scene.result("1")?.failure == failure && scene.result("2")?.failure == failure)
        #expect(scene.reports == [nil, failure])
        scene.loop.run()
        #expect(!scene.channel(0).isActive)
    }

    @Test("A server that ends the connection fails what was sent, and commands wait for the next connection")
    func closed() throws {
        let scene = StoreScene()
        try scene.begin()
        scene.submit("1")
        scene.channel.close(promise: nil)
        #expect(scene.result("1")?.failure == .ended)
        #expect(scene.reports == [nil, .ended])
        scene.submit("2")
        scene.loop.run()
        #expect(scene.connectionCount == 2)
        try scene.answer("+OK\r\n")
        try scene.answer("+OK\r\n")
        #expect(scene.result("2")?.isFirst == true)
        #expect(scene.reports == [nil, .ended, nil])
    }

    @Test(
        "Without a connection a command waits for its time, and once there has been none for as long it fails at once")
    func outage() throws {
        let scene = StoreScene()
        scene.refuse(Self.refused)
        scene.link.start()
        scene.submit("1")
        scene.advance(400)
        scene.submit("2")
        #expect(scene.result("1") == nil && scene.result("2") == nil)
        scene.advance(100)
        #expect(scene.result("1")?.failure == Self.refused && scene.result("2") == nil)
        scene.submit("3")
        #expect(scene.result("3")?.failure == Self.refused)
        scene.advance(400)
        #expect(scene.result("2")?.failure == Self.refused)
        // It is there again.
        scene.refuse(nil)
        scene.advance(2000)
        try scene.answer("+OK\r\n")
        scene.submit("4")
        try scene.answer("+OK\r\n")
        #expect(scene.result("4")?.isFirst == true)
    }

    @Test("Attempts become rare: none is made in vain more often than every two seconds in the end")
    func backOff() {
        let scene = StoreScene()
        scene.refuse(Self.refused)
        scene.link.start()
        scene.loop.run()
        var counts: [Int] = []
        for _ in 0..<10 {
            let before = scene.reports.count
            scene.advance(2000)
            counts.append(scene.reports.count - before)
        }
        #expect(counts[0] <= 8 && counts.suffix(5).allSatisfy { $0 == 1 })
        #expect(scene.reports.allSatisfy { $0 == Self.refused })
    }

    @Test("A server that accepts connections and answers nothing is given up after two seconds, and tried again")
    func silence() throws {
        let scene = StoreScene(wait: .milliseconds(100))
        scene.link.start()
        scene.submit("1")
        scene.advance(99)
        #expect(scene.result("1") == nil)
        scene.advance(1)
        #expect(scene.result("1")?.failure != nil)
        #expect(scene.connectionCount == 1)
        scene.advance(1900)
        #expect(!scene.channel(0).isActive && scene.connectionCount == 2)
        #expect(scene.reports == [.timedOut])
        // The answer of the first comes when it is of no use any more.
        try? scene.answer("+OK\r\n", on: scene.channel(0))
        #expect(scene.reports == [.timedOut])
        try scene.answer("+OK\r\n")
        #expect(scene.reports == [.timedOut, nil])
    }

    @Test("A server that ends every connection after its greeting is not asked without a pause")
    func closesEach() throws {
        let scene = StoreScene()
        scene.link.start()
        for number in 0..<8 {
            if scene.connectionCount > number {
                try scene.answer("+OK\r\n")
                scene.channel.close(promise: nil)
            }
            scene.loop.run()
        }
        #expect(scene.connectionCount == 2)
        scene.advance(50)
        #expect(scene.connectionCount == 3)
    }

    @Test("There is room for a number of commands, and no owner takes more of it than it leaves for the others")
    func room() throws {
        let scene = StoreScene()
        try scene.begin()
        for number in 0..<(StoreLink.capacity / 2) { scene.submit("a\(number)", owner: "a") }
        scene.submit("too many of a", owner: "a")
        #expect(scene.result("too many of a")?.failure == .tooManyWait)
        scene.submit("b", owner: "b")
        #expect(scene.result("b") == nil)
        try scene.answer("+OK\r\n+OK\r\n+OK\r\n")
        scene.submit("again a", owner: "a")
        #expect(scene.result("a0")?.isFirst == true && scene.result("again a") == nil)
        for number in 0..<StoreLink.capacity { scene.submit("owner \(number)", owner: "\(number)") }
        #expect(scene.result("owner \(StoreLink.capacity - 1)")?.failure == .tooManyWait)
        #expect(scene.channel.isActive)
    }

    @Test("A server that is not asked anything is asked every ten seconds, and found out if it does not answer")
    func probes() throws {
        let scene = StoreScene()
        try scene.begin()
        scene.advance(10_000)
        #expect(try scene.sent() == String(buffer: RESPCommand.select(0)))
        try scene.answer("+OK\r\n")
        scene.advance(10_000)
        #expect(scene.reports == [nil])
        scene.advance(500)
        #expect(scene.reports == [nil, .timedOut])
    }

    @Test("After the end of the service everything fails, and there is no further attempt")
    func stop() throws {
        let scene = StoreScene()
        try scene.begin()
        scene.submit("1")
        scene.link.stop()
        #expect(scene.result("1")?.failure == .stopped)
        scene.submit("2")
        #expect(scene.result("2")?.failure == .stopped)
        scene.advance(60_000)
        #expect(scene.connectionCount == 1 && !scene.channel.isActive)
    }
}
