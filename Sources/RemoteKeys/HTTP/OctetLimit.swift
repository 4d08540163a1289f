import NIOCore

/// Ends a connection on which more octets arrive than an exchange may take, whatever they are: heads of 1xx answers, chunk
/// extensions, trailers, records of TLS. None of these count for the size of the body.
final class OctetLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// More octets arrived than the limit.
    struct Exceeded: Error {}

    private var rest: Int

    /// - Parameter limit: in octets.
    init(_ limit: Int) { rest = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = unwrapInboundIn(data).readableBytes
        // The octets that arrive between the end and the close are dropped.
        guard rest >= 0 else { return }
        rest -= count
        guard rest >= 0 else {
            context.fireErrorCaught(Exceeded())
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
    }
}
