import NIOCore
import NIOEmbedded

/// The socket of an embedded channel, as its first handler, and the client behind it. An embedded channel alone accepts
/// everything that is written, ignores whether it is to read, and cannot be closed for output alone.
final class EmbeddedSocket: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The octets that may wait before the channel is not writable, and those below which it is again.
    static let (highMark, lowMark) = (8192, 4096)

    /// What the client has read.
    private(set) var received: [UInt8] = []
    /// Whether the channel waits for octets.
    private(set) var wantsInput = false
    /// Whether the channel is closed for output: the client has read the end.
    private(set) var isOutputClosed = false
    /// Whether octets were lost when the channel was closed: the client had not read them.
    private(set) var isTruncated = false
    /// Whether the client reads all that comes.
    private var isReading = true
    private var isInputClosed = false
    private var isOutputClosing = false
    private var isClosed = false
    private var writes: [(octets: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var flushedCount = 0
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    private var waitingCount: Int { writes.reduce(0) { $0 + $1.octets.readableBytes } }

    // MARK: The client

    /// - Parameter octets: one read.
    func deliver(_ octets: ByteBuffer) {
        guard let context else { return }
        wantsInput = false
        context.fireChannelRead(wrapInboundOut(octets))
        guard context.channel.isActive else { return }
        context.fireChannelReadComplete()
        if context.channel.isActive, !wantsInput { context.channel.read() }
    }

    /// The client closes its side.
    func endInput() {
        guard let context, context.channel.isActive, !isInputClosed else { return }
        isInputClosed = true
        if isOutputClosed { return context.channel.close(promise: nil) }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func stopReading() { isReading = false }

    /// The client reads on.
    ///
    /// - Parameter count: the number of octets; `nil` for all, also of what is still to be written.
    func read(_ count: Int? = nil) {
        isReading = count == nil
        take(count ?? .max)
    }

    private func take(_ count: Int) {
        guard let context else { return }
        var rest = count
        while flushedCount > 0, rest > 0 || writes[0].octets.readableBytes == 0 {
            let octets = writes[0].octets.readSlice(length: min(rest, writes[0].octets.readableBytes))
            rest -= octets?.readableBytes ?? 0
            if let octets { received += octets.readableBytesView }
            guard writes[0].octets.readableBytes == 0 else { break }
            let promise = writes.removeFirst().promise
            flushedCount -= 1
            promise?.succeed()
        }
        report(context)
        endOutputIfPossible(context)
    }

    /// Has the channel say how many octets wait, and whether it is writable.
    private func report(_ context: ChannelHandlerContext) {
        guard let channel = context.channel as? EmbeddedChannel, channel.isActive else { return }
        let count = waitingCount
        context.flush()
        while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
        if count > 0 { context.write(wrapOutboundOut(ByteBuffer(repeating: 0, count: count)), promise: nil) }
        let isWritable = channel.isWritable ? count <= Self.highMark : count < Self.lowMark
        guard isWritable != channel.isWritable else { return }
        channel.isWritable = isWritable
        context.fireChannelWritabilityChanged()
    }

    // MARK: The channel

    func read(context: ChannelHandlerContext) { wantsInput = !isInputClosed }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosed, !isOutputClosing else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        writes.append((unwrapOutboundIn(data), promise))
        report(context)
    }

    func flush(context: ChannelHandlerContext) {
        flushedCount = writes.count
        take(isReading ? .max : 0)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output, !isInputClosed else { return closeAll(context, promise) }
        isOutputClosing = true
        promise?.succeed()
        endOutputIfPossible(context)
    }

    private func endOutputIfPossible(_ context: ChannelHandlerContext) {
        guard isOutputClosing, !isOutputClosed, writes.isEmpty, context.channel.isActive else { return }
        isOutputClosed = true
        context.fireUserInboundEventTriggered(ChannelEvent.outputClosed)
    }

    private func closeAll(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        isClosed = true
        if waitingCount > 0 { isTruncated = true }
        let promises = writes.compactMap(\.promise)
        writes.removeAll()
        flushedCount = 0
        for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
        context.close(promise: promise)
    }
}
