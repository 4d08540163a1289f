import NIOCore
import SystemPackage

/// Stops accepting when the process has run out of descriptors; SwiftNIO alone would retry `accept` in a tight loop.
///
/// It requests each read itself instead of SwiftNIO, so that the handler that counts connections can refuse each one.
final class AcceptBackpressure: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// Shortages that may end without any action of the service.
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
    /// Cancels a pending read and turns automatic reads off. To be called on the event loop.
    func stopAccepting() {
        // Only a change of this option cancels a pending read. On a closed channel, setting an option fails.
        for isAutomatic in [true, false] { try? syncOptions?.setOption(.autoRead, value: isAutomatic) }
    }
}
