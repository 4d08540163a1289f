import NIOCore
import NIOEmbedded
import Synchronization

@testable import ReplayStore

/// What a store of used assertions and proofs answers, and the commands that it gets.
///
/// An input is what a connection receives; and where there is a line feed in it, two texts for commands.
struct RESPTarget: FuzzTarget {
    /// What becomes of a connection.
    enum Event: Equatable, Sendable {
        case ready
        case reply(RESPReply)
        case end(StoreFailure)
    }

    func parse(_ octets: [UInt8]) {
        _ = RESPModel.Outcome(reading: [octets[...]])
        _ = try? Self.events(of: [octets[...]])
    }

    func run(_ input: Input) throws {
        let whole = RESPModel.Outcome(reading: [input.octets[...]])
        require(whole == RESPModel.outcome(of: input.octets), "a second reader agrees")
        let pieces = Self.pieces(of: input)
        require(whole == RESPModel.Outcome(reading: pieces), "the pieces in which replies come make no difference")
        require(
            whole == RESPModel.Outcome(reading: input.octets.indices.map { input.octets[$0...$0] }),
            "nor does it make one if each octet comes alone")
        for reply in whole.replies { check(reply) }
        let events = try Self.events(of: pieces)
        require(events == Self.expected(of: whole), "a connection passes on each reply, and ends once")
        if let (head, rest) = input.halves { checkCommands(head, rest) }
    }

    private func check(_ reply: RESPReply) {
        let again = RESPModel.Outcome(reading: [RESPModel.write(reply)[...]])
        require(
            again == RESPModel.Outcome(replies: [reply], failed: false), "a reply that is written is read as the same")
        guard case .error(let word) = reply else { return }
        let isWord = (1...24).contains(word.utf8.count) && word.utf8.allSatisfy { (0x41...0x5A).contains($0) }
        require(isWord, "an error is one word")
    }

    /// Whatever is in a text, it ends no command.
    private func checkCommands(_ head: [UInt8], _ rest: [UInt8]) {
        let (first, second) = (String(decoding: head, as: UTF8.self), String(decoding: rest, as: UTF8.self))
        let greeting = StoreGreeting(username: first, password: second, database: head.count)
        let commands = [["AUTH", first, second], ["SELECT", String(head.count)]]
        require(
            RESPModel.commands(greeting.octets) == commands.map { $0.map { Array($0.utf8) } },
            "a greeting is two commands")
        require(greeting.commandCount == 2, "and both are counted")
        let set = ["SET", second, "1", "NX", "PX", String(rest.count)].map { Array($0.utf8) }
        let insertion = RESPCommand.insert(second, milliseconds: Int64(rest.count))
        require(RESPModel.commands(insertion) == [set], "an insertion is one command")
    }

    private static let greeting = StoreGreeting(password: "secret", database: 0)

    /// What a connection reports that receives these pieces, and then ends.
    private static func events(of pieces: [ArraySlice<UInt8>]) throws -> [Event] {
        let recorded = SharedEvents()
        let handler = StoreHandler(
            greeting,
            StoreCallbacks(
                isReady: { _ in recorded.append(.ready) }, receive: { recorded.append(.reply($0)) },
                end: { recorded.append(.end($0)) }))
        let channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 6379)).wait()
        for piece in pieces where channel.isActive { try channel.writeInbound(ByteBuffer(bytes: piece)) }
        if channel.isActive { try channel.close().wait() }
        channel.embeddedEventLoop.run()
        return recorded.all
    }

    private static func expected(of outcome: RESPModel.Outcome) -> [Event] {
        var (events, unanswered) = ([Event](), greeting.commandCount)
        for reply in outcome.replies {
            if unanswered == 0 {
                events.append(.reply(reply))
            } else if reply == .ok {
                unanswered -= 1
                if unanswered == 0 { events.append(.ready) }
            } else {
                guard case .error(let word) = reply else { return events + [.end(.unexpectedReply)] }
                return events + [.end(.refused(word))]
            }
        }
        return events + [.end(outcome.failed ? .unexpectedReply : .ended)]
    }

    /// Some octets each, up to 16.
    private static func pieces(of input: Input) -> [ArraySlice<UInt8>] {
        var (pieces, rest) = ([ArraySlice<UInt8>](), input.octets[...])
        while !rest.isEmpty {
            let count = 1 + input.choice(UInt64(pieces.count), below: 16)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}

private final class SharedEvents: Sendable {
    private let events = Mutex<[RESPTarget.Event]>([])

    var all: [RESPTarget.Event] { events.withLock { $0 } }

    func append(_ event: RESPTarget.Event) { events.withLock { $0.append(event) } }
}
