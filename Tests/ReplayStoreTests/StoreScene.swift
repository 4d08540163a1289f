import NIOCore
import NIOEmbedded
import Synchronization

@testable import ReplayStore

/// A link to a server that a test plays, on an event loop whose time the test moves. Only the thread of the test uses it.
struct StoreScene: Sendable {
    /// What has happened so far.
    final class Record: Sendable {
        /// The connections that the link has opened, the oldest first.
        let channels = Mutex<[NIOLoopBound<EmbeddedChannel>]>([])
        /// What the link reported: `nil` stands for a connection that became ready.
        let reports = Mutex<[StoreFailure?]>([])
        /// Why the next connections are refused; `nil` if they are not.
        let refusal = Mutex<StoreFailure?>(nil)
        /// By their keys, the results of commands.
        let results = Mutex<[String: Result<Bool, StoreFailure>]>([:])
    }

    let loop = EmbeddedEventLoop()
    let record = Record()
    let link: StoreLink

    init(wait: TimeAmount = .milliseconds(500), password: String? = nil) {
        var timing = StoreTiming(wait: wait)
        timing.jitter = { $0 }
        link = StoreLink(
            on: loop, timing, probe: RESPCommand.select(0),
            dial: { [record, loop] _, callbacks in
                if let refusal = record.refusal.withLock({ $0 }) { return loop.makeFailedFuture(refusal) }
                let handler = StoreHandler(StoreGreeting(password: password, database: 0), callbacks)
                let channel = EmbeddedChannel(handler: handler, loop: loop)
                record.channels.withLock { $0.append(NIOLoopBound(channel, eventLoop: loop)) }
                return loop.makeCompletedFuture { try SocketAddress(ipAddress: "127.0.0.1", port: 6379) }
                    .flatMap { channel.connect(to: $0) }.map { channel }
            },
            report: { [record] failure in record.reports.withLock { $0.append(failure) } })
    }

    var connectionCount: Int { record.channels.withLock { $0.count } }
    var reports: [StoreFailure?] { record.reports.withLock { $0 } }

    /// The newest connection.
    var channel: EmbeddedChannel { record.channels.withLock { $0[$0.count - 1].value } }

    func channel(_ number: Int) -> EmbeddedChannel { record.channels.withLock { $0[number].value } }

    /// What the link has sent on the newest connection since it was last asked.
    func sent(on channel: EmbeddedChannel? = nil) throws -> String {
        var text = ""
        while let buffer = try (channel ?? self.channel).readOutbound(as: ByteBuffer.self) {
            text += String(buffer: buffer)
        }
        return text
    }

    /// The server sends something.
    func answer(_ text: String, on channel: EmbeddedChannel? = nil) throws {
        try (channel ?? self.channel).writeInbound(ByteBuffer(string: text))
    }

    /// Sends a command, whose result is recorded.
    func submit(_ key: String, owner: String? = "a") {
        link.submit(
            StoreCommand(octets: RESPCommand.insert(key, milliseconds: 1000), owner: owner) { [record] result in
                record.results.withLock { results in
                    precondition(results[key] == nil, "\(key) has a second result")
                    results[key] = result
                }
            })
    }

    /// The result of a command; `nil` if there is none yet.
    func result(_ key: String) -> Result<Bool, StoreFailure>? { record.results.withLock { $0[key] } }

    /// Starts the link, and accepts and greets its connection.
    func begin() throws {
        link.start()
        loop.run()
        try answer("+OK\r\n")
        _ = try sent()
    }

    func advance(_ milliseconds: Int64) { loop.advanceTime(by: .milliseconds(milliseconds)) }

    func refuse(_ failure: StoreFailure?) { record.refusal.withLock { $0 = failure } }
}

extension Result where Success == Bool, Failure == StoreFailure {
    var failure: StoreFailure? { if case .failure(let failure) = self { failure } else { nil } }
    var isFirst: Bool? { try? get() }
}
