import NIOCore
import SystemPackage

/// Stops accepting when the process has run out of descriptors; SwiftNIO alone would retry `accept` in a tight loop.
///
/// It asks for connections in SwiftNIO's place, so that the handler that counts them decides each time.
final class AcceptBackpressure: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// Shortages that pass without our doing.
    private static let shortages: Set<Errno> = [
        .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory,
    ]

    private let reserve: DescriptorReserve

    init(_ reserve: DescriptorReserve) {
        self.reserve = reserve
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.channel.stopAccepting()
        context.channel.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        context.channel.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.shortages.contains(Errno(rawValue: error.errnoCode)) else {
            return context.fireErrorCaught(error)
        }
        context.channel.stopAccepting()
        reserve.pauseListeners(Errno(rawValue: error.errnoCode), at: context.eventLoop)
    }

    func read(context: ChannelHandlerContext) {
        if !reserve.isShort { context.read() }
    }
}

extension Channel {
    /// Takes back a read that is under way, and lets SwiftNIO ask for none by itself. To be called on the event loop.
    func stopAccepting() {
        // Nothing but a change of this option takes back a read. A channel that is closed has no options any more.
        for isAutomatic in [true, false] { try? syncOptions?.setOption(.autoRead, value: isAutomatic) }
    }
}
