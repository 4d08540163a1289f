import NIOCore

/// Called on the event loop of a connection with what becomes of it.
struct StoreCallbacks: Sendable {
    /// The server has answered the greeting: commands may be sent.
    let isReady: @Sendable (any Channel) -> Void
    /// A reply after that.
    let receive: @Sendable (RESPReply) -> Void
    /// The connection has failed, or has ended.
    let end: @Sendable (StoreFailure) -> Void
}

/// The end of a connection to the store that speaks RESP. It sends the greeting, `AUTH` and `SELECT`, and reads replies.
final class StoreHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let greeting: StoreGreeting
    private let callbacks: StoreCallbacks
    private var unansweredGreetings: Int
    private var reader = RESPReader()
    private var received = ByteBuffer()
    private var hasEnded = false

    init(_ greeting: StoreGreeting, _ callbacks: StoreCallbacks) {
        self.greeting = greeting
        self.callbacks = callbacks
        unansweredGreetings = greeting.commandCount
    }

    /// With TLS, what is written waits for the end of the handshake: a server whose certificate does not verify gets nothing.
    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(greeting.octets), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        do throws(UnexpectedReply) {
            while !hasEnded, let reply = try reader.next(from: &received) { receive(reply, context) }
            received.discardReadBytes()
        } catch {
            end(.unexpectedReply, context)
        }
    }

    private func receive(_ reply: RESPReply, _ context: ChannelHandlerContext) {
        guard unansweredGreetings > 0 else { return callbacks.receive(reply) }
        switch reply {
        case .ok:
            unansweredGreetings -= 1
            if unansweredGreetings == 0 { callbacks.isReady(context.channel) }
        case .error(let word): end(.refused(word), context)
        case .simple, .null, .integer: end(.unexpectedReply, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.ended, context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(StoreFailure(error), context) }

    private func end(_ failure: StoreFailure, _ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        received.clear()
        callbacks.end(failure)
        context.close(promise: nil)
    }
}

/// The commands that begin a connection. They are sent together, and each is answered by `+OK`.
struct StoreGreeting: Sendable {
    let octets: ByteBuffer
    let commandCount: Int

    /// - Parameter password: `nil` sends no `AUTH`.
    init(username: String? = nil, password: String?, database: Int) {
        var octets = ByteBuffer()
        if let password {
            var command = RESPCommand.authenticate(username: username, password: password)
            octets.writeBuffer(&command)
        }
        // Also for the first database: the answer shows that the server answers at all.
        var command = RESPCommand.select(database)
        octets.writeBuffer(&command)
        self.octets = octets
        commandCount = password == nil ? 1 : 2
    }
}
