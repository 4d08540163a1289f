import NIOCore
import SystemPackage

/// Stops a listener when there are no files for further connections. SwiftNIO would try again at once, and for ever.
final class AcceptingHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let reserve: FileReserve

    init(_ reserve: FileReserve) {
        self.reserve = reserve
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.shortages.contains(Errno(rawValue: error.errnoCode)) else {
            return context.fireErrorCaught(error)
        }
        reserve.pauseListeners(Errno(rawValue: error.errnoCode), noticedBy: context.channel)
    }

    /// Those that pass without our doing.
    private static let shortages: Set<Errno> = [
        .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory,
    ]

    /// Others may ask for it when a connection is closed.
    func read(context: ChannelHandlerContext) {
        if !reserve.isShort { context.read() }
    }
}
