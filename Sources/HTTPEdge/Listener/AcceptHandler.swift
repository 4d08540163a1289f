import NIOCore
import SystemPackage

/// Accepts connections while there are descriptors and memory for them; SwiftNIO alone would accept without an end, and
/// retry `accept` in a tight loop when the process has run out of descriptors.
///
/// It requests each read itself. While the listener is full, it does not read, and has connections closed whose clients
/// send no request.
final class AcceptHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    /// Shortages that may end without any action of the service.
    private static let shortages: Set<Errno> = [
        .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory,
    ]
    /// The longest wait before the next try while the listener is full.
    private static let pause: TimeAmount = .milliseconds(50)

    private let reserve: DescriptorReserve
    private let listener: ListenerState
    private let reportFailure: (any Error) -> Void
    private var isWaiting = false

    /// - Parameter reportFailure: called with an error that ends the listener.
    init(_ listener: ListenerState, _ reserve: DescriptorReserve, reportFailure: @escaping (any Error) -> Void) {
        self.listener = listener
        self.reserve = reserve
        self.reportFailure = reportFailure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.channel.stopAccepting()
        reserve.add(context.channel)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.channel.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        guard listener.admit(channel) else { return channel.close(promise: nil) }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        context.channel.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let ioError = error as? IOError, Self.shortages.contains(Errno(rawValue: ioError.errnoCode)) else {
            reportFailure(error)
            return context.fireErrorCaught(error)
        }
        context.channel.stopAccepting()
        reserve.pauseListeners(Errno(rawValue: ioError.errnoCode), at: context.eventLoop)
    }

    func read(context: ChannelHandlerContext) {
        guard !reserve.isShort else { return }
        if listener.hasRoom { return context.read() }
        guard !isWaiting else { return }
        isWaiting = true
        let (channel, loop) = (context.channel, context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: loop)
        let retry: @Sendable () -> Void = { loop.execute { handler.value.retry(channel) } }
        listener.afterNextEnd(retry)
        // There may be no connection that could be closed, or room in the budget without the end of one.
        loop.scheduleTask(in: Self.pause, retry)
        listener.evict()
    }

    private func retry(_ channel: any Channel) {
        guard isWaiting else { return }
        isWaiting = false
        channel.read()
    }
}

extension Channel {
    /// Cancels a pending read and turns automatic reads off. To be called on the event loop.
    func stopAccepting() {
        // Only a change of this option cancels a pending read. On a closed channel, setting an option fails.
        for isAutomatic in [true, false] { try? syncOptions?.setOption(.autoRead, value: isAutomatic) }
    }
}
