import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import ReplayStore

/// How a connection begins.
@Suite struct StoreHandlerTests {
    @Test("AUTH and SELECT come first, and commands wait until both are answered +OK")
    func greets() throws {
        let scene = StoreScene(password: "secret")
        scene.link.start()
        scene.submit("1")
        #expect(
            try scene.sent() == "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n")
        try scene.answer("+OK\r\n")
        #expect(try scene.sent().isEmpty && scene.reports.isEmpty)
        try scene.answer("+OK\r\n")
        #expect(scene.reports == [nil])
        #expect(try scene.sent() == String(buffer: RESPCommand.insert("1", milliseconds: 1000)))
        try scene.answer("+OK\r\n")
        #expect(scene.result("1")?.isFirst == true)
    }

    @Test(
        "A greeting that is not answered +OK ends the connection, and no command is sent",
        arguments: [
            ("-WRONGPASS invalid username-password pair secret\r\n", "WRONGPASS"), ("-NOAUTH\r\n", "NOAUTH"),
            ("$-1\r\n", nil), (":1\r\n", nil), ("+QUEUED\r\n", nil), ("*1\r\n", nil),
            ("+OK\r\n-LOADING\r\n", "LOADING"),
            ("+OK\r\n$-1\r\n", nil), ("HTTP/1.1 200 OK\r\n", nil),
        ] as [(String, String?)])
    func refused(answer: String, word: String?) throws {
        let scene = StoreScene(password: "secret")
        scene.link.start()
        scene.submit("1")
        _ = try scene.sent()
        let first = scene.channel
        try scene.answer(answer)
        scene.loop.run()
        #expect(scene.reports == [word.map { .refused($0) } ?? .unexpectedReply])
        #expect(!first.isActive)
        #expect(try scene.sent(on: first).isEmpty)
        #expect(scene.reports.allSatisfy { $0?.description.contains("secret") == false })
    }

    @Test("A reply to no command ends the connection: before, with and behind that of a command")
    func unexpectedReplies() throws {
        for (early, late) in [("+OK\r\n+OK\r\n", ""), ("+OK\r\n", "+OK\r\n+OK\r\n"), ("+OK\r\n", "$-1\r\n:")] {
            let scene = StoreScene()
            scene.link.start()
            try scene.answer(early)
            if !late.isEmpty {
                scene.submit("1")
                try scene.answer(late)
                #expect(scene.result("1")?.isFirst == (late.hasPrefix("+")))
            }
            if late.hasSuffix(":") {
                #expect(scene.channel(0).isActive)
                try scene.answer("1\r\n")
            }
            scene.loop.run()
            #expect(!scene.channel(0).isActive)
            #expect(scene.reports == [nil, .unexpectedReply])
        }
    }
}
