import NIOCore
import NIOHTTPTypesHTTP1

/// Adds the handlers for the rules of HTTP/1.1 before the codec that converts HTTP/1 messages to the common types. If
/// there is no such codec, as in a stream of HTTP/2, it adds nothing.
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
            // A connection without these rules must not be used.
            context.close(promise: nil)
        }
        pipeline.removeHandler(context: context, promise: nil)
    }
}
