import NIOCore
import NIOHTTPTypesHTTP1

/// Puts the rules of HTTP/1.1 in front of the codec that makes its messages look like those of HTTP/2; where there is none, as
/// in a stream of HTTP/2, there are no such rules.
final class HTTP1RulesHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        guard let codec = try? pipeline.context(handlerType: HTTP1ToHTTPServerCodec.self) else { return }
        do {
            for handler in [MessageFramingHandler(), ConnectionPersistence()] as [any ChannelHandler] {
                try pipeline.addHandler(handler, position: .before(codec.handler))
            }
        } catch {
            // Without its rules a connection is not to be used.
            context.close(promise: nil)
        }
        // It has done what it is there for.
        pipeline.removeHandler(context: context, promise: nil)
    }
}
