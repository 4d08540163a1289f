import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import ReplayStore

/// All connections together, and what is reported of them.
@Suite struct ReplayStoreTests {
    @Test("What is wrong is reported once for each reason, and so is its end once all connections are ready")
    func reports() {
        let events = Mutex<[StoreFailure?]>([])
        let state = StoreState(linkCount: 2) { failure in events.withLock { $0.append(failure) } }
        let (refused, wrong) = (StoreFailure("the connection was refused"), StoreFailure.refused("WRONGPASS"))
        func told(_ changes: (Int, StoreFailure?)...) -> [StoreFailure?] {
            for (index, failure) in changes { state.change(index, failure: failure) }
            return events.withLock { events in
                defer { events = [] }
                return events
            }
        }
        #expect(!state.isUp)
        #expect(told((0, refused), (1, refused), (0, refused)) == [refused])
        #expect(told((0, wrong), (1, refused), (0, wrong)) == [wrong])
        #expect(told((0, nil)) == [])
        #expect(!state.isUp)
        #expect(told((1, nil)) == [nil])
        #expect(state.isUp)
        #expect(told((1, nil)) == [])
        #expect(told((1, refused), (1, nil), (0, refused)) == [refused, nil, refused])
        let many = (0..<100).map { StoreFailure("\($0)") }
        for failure in many { state.change(0, failure: failure) }
        #expect(told().count == 7)
    }

    /// A server that answers each `SET` with the next of these texts, and closes the connection behind the last.
    private func server(_ answers: [String]) async throws -> any Channel {
        let rest = Mutex(answers[...])
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.pipeline.addHandler(
                    ScriptedServer { command in
                        guard command.contains("SET") else { return "+OK\r\n" }
                        return rest.withLock { $0.popFirst() }
                    })
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private func store(
        at server: any Channel, report: @escaping @Sendable (StoreFailure?) -> Void = { _ in }
    ) throws -> ReplayStore {
        ReplayStore(
            StoreServer(
                host: "127.0.0.1", port: try #require(server.localAddress?.port), transport: .plain, database: 1,
                username: "writ", password: { "secret" }),
            wait: .seconds(10), on: MultiThreadedEventLoopGroup.singleton, report: report)
    }

    @Test("Through sockets: a key is recorded once, and outcomes are counted")
    func sockets() async throws {
        let server = try await server(["+OK\r\n", "$-1\r\n"])
        let store = try store(at: server)
        store.start()
        #expect(try await store.insert("a", for: .seconds(1), owner: "a"))
        #expect(try await !store.insert("a", for: .seconds(1), owner: "a"))
        await #expect(throws: StoreFailure.self) { try await store.insert("a", for: .seconds(1), owner: "a") }
        let counts = store.counts
        #expect((counts.recorded, counts.found, counts.failed) == (1, 1, 1))
        store.stop()
        try await server.close()
        await #expect(throws: StoreFailure.stopped) { try await store.insert("a", for: .seconds(1), owner: "a") }
    }

    @Test("Without a server the reason is reported, and nothing waits for ever")
    func noServer() async throws {
        let server = try await server([])
        let (reports, told) = AsyncStream.makeStream(of: StoreFailure?.self)
        let store = try store(at: server) { told.yield($0) }
        try await server.close()
        store.start()
        for await report in reports {
            #expect(report?.description == "the connection was refused")
            break
        }
        store.stop()
    }

    @Test("A password that cannot be read is the reason, and no connection is opened")
    func noPassword() async throws {
        let server = try await server([])
        let (reports, told) = AsyncStream.makeStream(of: StoreFailure?.self)
        let store = ReplayStore(
            StoreServer(
                host: "127.0.0.1", port: try #require(server.localAddress?.port), transport: .plain, database: 0,
                username: nil, password: { throw StoreFailure("valkey.password: cannot be read") }),
            wait: .seconds(10), on: MultiThreadedEventLoopGroup.singleton
        ) { told.yield($0) }
        store.start()
        for await report in reports {
            #expect(report?.description == "valkey.password: cannot be read")
            break
        }
        store.stop()
        try await server.close()
    }

    @Test(
        "A key lives for a whole number of milliseconds, one at least",
        arguments: [
            (Duration.seconds(390), "390000"), (.milliseconds(1), "1"), (.zero, "1"), (.seconds(-5), "1"),
            (.microseconds(1_999), "1"), (.seconds(Int64.max), "3162240000000"), (.seconds(Int64.min), "1"),
        ])
    func lives(life: Duration, milliseconds: String) async throws {
        let loop = EmbeddedEventLoop()
        let opened = Mutex<NIOLoopBound<EmbeddedChannel>?>(nil)
        let store = ReplayStore(
            StoreTiming(wait: .seconds(1)), probe: RESPCommand.select(0), loops: [loop],
            dial: { [loop] _, callbacks in
                let channel = EmbeddedChannel(
                    handler: StoreHandler(StoreGreeting(password: nil, database: 0), callbacks), loop: loop)
                opened.withLock { $0 = NIOLoopBound(channel, eventLoop: loop) }
                return loop.makeCompletedFuture { try SocketAddress(ipAddress: "127.0.0.1", port: 6379) }
                    .flatMap { channel.connect(to: $0) }.map { channel }
            }, report: { _ in })
        store.start()
        store.note("a", for: life, owner: "a")
        let channel = try #require(opened.withLock { $0 }?.value)
        _ = try channel.readOutbound(as: ByteBuffer.self)
        try channel.writeInbound(ByteBuffer(string: "+OK\r\n"))
        let sent = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(
            String(buffer: sent).hasSuffix("PX\r\n$\(milliseconds.utf8.count)\r\n\(milliseconds)\r\n"))
    }
}

/// Answers each command, which may come in parts, with a text; `nil` closes the connection.
private final class ScriptedServer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (String) -> String?
    private let received = Mutex("")

    init(_ answer: @escaping @Sendable (String) -> String?) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Each command is an array, so that its text begins with an asterisk.
        let commands = received.withLock { received in
            received += String(buffer: unwrapInboundIn(data))
            let parts = received.split(separator: "*").map(String.init)
            guard let last = parts.last, last.hasSuffix("\r\n"), last.isWhole else { return [String]() }
            received = ""
            return parts
        }
        for command in commands {
            guard let text = answer(command) else { return context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }
}

extension String {
    /// Whether an array of RESP has all of its strings.
    fileprivate var isWhole: Bool {
        let lines = split(separator: "\r\n", omittingEmptySubsequences: true)
        return lines.first.flatMap { Int($0) }.map { lines.count == 1 + 2 * $0 } ?? false
    }
}
