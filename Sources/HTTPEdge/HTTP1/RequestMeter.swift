import NIOCore

/// Counts the octets that are read, before they are parsed, and keeps a connection that sends many requests at once from
/// delaying the others of its event loop: its octets are parsed piece by piece, in turns with those of other such
/// connections.
final class RequestMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The most octets that are parsed at once. Most requests are smaller.
    private static let pieceSize = 1024

    private let connection: HTTP1Connection
    private let turns: ReadTurns
    /// What was read and waits for a turn.
    private var waiting = ByteBuffer()
    /// What happened behind the octets that wait.
    private var events: [Any] = []
    /// Whether the last piece had more than one request.
    private var sendsMany = false
    private var context: ChannelHandlerContext?

    init(_ connection: HTTP1Connection, _ turns: ReadTurns) {
        self.connection = connection
        self.turns = turns
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        context = nil
        waiting = ByteBuffer()
        events = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = unwrapInboundIn(data)
        if !isWaiting, !sendsMany, octets.readableBytes <= Self.pieceSize {
            parse(octets, context)
        } else if !isWaiting {
            waiting = octets
            waitForTurn()
        } else if waiting.readableBytes + octets.readableBytes <= ConnectionLimits.pipelineOctets {
            waiting.writeImmutableBuffer(octets)
        } else {
            // The client has closed its side, so that all of its octets are read. The pipeline has a limit.
            while let piece = nextPiece() { parse(piece, context) }
            waiting = octets
        }
    }

    private var isWaiting: Bool { waiting.readableBytes > 0 }

    private func waitForTurn() { turns.add { self.takeTurn() } }

    private func takeTurn() {
        guard let context, let piece = nextPiece() else { return }
        parse(piece, context)
        context.fireChannelReadComplete()
        guard !isWaiting else { return waitForTurn() }
        for event in events { context.fireUserInboundEventTriggered(event) }
        events = []
        context.channel.read()
    }

    private func nextPiece() -> ByteBuffer? {
        isWaiting ? waiting.readSlice(length: min(Self.pieceSize, waiting.readableBytes)) : nil
    }

    private func parse(_ octets: ByteBuffer, _ context: ChannelHandlerContext) {
        let count = connection.requestCount
        if connection.shouldParse(octets.readableBytes) { context.fireChannelRead(wrapInboundOut(octets)) }
        sendsMany = connection.requestCount > count + 1
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isWaiting { events.append(event) } else { context.fireUserInboundEventTriggered(event) }
    }

    func read(context: ChannelHandlerContext) {
        if !isWaiting { context.read() }
    }
}
