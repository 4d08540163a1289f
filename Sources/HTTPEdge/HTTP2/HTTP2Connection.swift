import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// One connection of HTTP/2: it carries out what ``HTTP2State`` and ``HTTP2Stream`` decide.
///
/// A stream has no channel of its own. Until its request is whole, it is an entry with a buffer.
final class HTTP2Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = Never
    typealias OutboundOut = HTTP2Frame

    /// The window of the connection for content, which is the initial one of RFC 9113 section 6.9.2.
    private static let window = 65535

    private let connection: OpenConnection
    private let loop: ListenerState.LoopState
    private var state: HTTP2State
    private var context: ChannelHandlerContext?
    private var timer = DeadlineTimer()
    private var reader: ReaderProgress
    private var isReading = false
    private let errors: HTTP2ConnectionErrors

    init(_ connection: OpenConnection, _ loop: ListenerState.LoopState, _ errors: HTTP2ConnectionErrors) {
        self.errors = errors
        self.connection = connection
        self.loop = loop
        state = HTTP2State(connection.limits, now: connection.channel.eventLoop.now)
        reader = ReaderProgress(connection.limits.readerTime)
    }

    private var limits: ConnectionLimits { connection.limits }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedule()
        if connection.listener.isEnding { drain(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        state.close()
        timer.cancel()
        context = nil
    }

    // MARK: Frames

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers): receive(headers, on: frame.streamID, context)
        case .data(let data): receive(data, on: frame.streamID)
        case .settings(.ack): state.isLimitKnown = true
        default: break
        }
    }

    private func receive(
        _ headers: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID, _ context: ChannelHandlerContext
    ) {
        if state.streams[id] != nil {
            // Trailer fields end the stream, RFC 9113 section 8.1. They are dropped.
            return perform(state.update(id) { $0.end() }, on: id)
        }
        // Streams whose responses wait to be flushed end with that.
        if !state.hasRoom { context.flush() }
        guard state.hasRoom else { return refuse(id, context) }
        let (stream, action) = HTTP2Stream.begin(
            headers.headers, isEnd: headers.endStream, limits: limits, now: context.eventLoop.now)
        state.add(stream, id)
        guard connection.drawForRequests(state.size) else { return reset(id, .refusedStream) }
        perform(action, on: id)
    }

    private func refuse(_ id: HTTP2StreamID, _ context: ChannelHandlerContext) {
        reset(id, .refusedStream)
        guard state.refuse() else { return }
        connection.listener.report(.malformedRequest(.tooManyRequests, connection.peer.address))
        write(.goAway(lastStreamID: .maxID, errorCode: .enhanceYourCalm, opaqueData: nil), on: .rootStream)
        context.flush()
        context.close(promise: nil)
    }

    private func receive(_ data: HTTP2Frame.FramePayload.Data, on id: HTTP2StreamID) {
        guard case .byteBuffer(let octets) = data.data else { return }
        let action = state.update(id) { $0.receive(octets, isEnd: data.endStream, limits: limits) }
        guard connection.drawForRequests(state.size) else { return reset(id, .enhanceYourCalm) }
        perform(action, on: id)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.flush()
        schedule()
        context.fireChannelReadComplete()
    }

    /// A client that does not read its responses is not read.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        schedule()
        if context.channel.isWritable { context.channel.read() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let closed as StreamClosedEvent: remove(closed.streamID)
        case let change as NIOHTTP2WindowUpdatedEvent where change.streamID == .rootStream: widen(change, context)
        case is ChannelShouldQuiesceEvent: drain(context)
        case let end as ChannelEvent where end == .inputClosed: context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Gives the client room for more content on the connection. A stream needs no more than it has from the beginning.
    private func widen(_ change: NIOHTTP2WindowUpdatedEvent, _ context: ChannelHandlerContext) {
        guard let size = change.inboundWindowSize, size < Self.window / 2 else { return }
        write(.windowUpdate(windowSizeIncrement: Self.window - size), on: .rootStream)
    }

    /// RFC 9113 section 5.4: an error of a stream ends that stream, for which the parser has sent RST_STREAM.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isHTTP2 = error is any NIOHTTP2Error
        if isHTTP2 { connection.listener.report(.malformedRequest(.badRequest, connection.peer.address)) }
        context.flush()
        if !isHTTP2 || errors.hasOccurred { context.close(promise: nil) }
    }

    private func remove(_ id: HTTP2StreamID) {
        state.remove(id, now: connection.channel.eventLoop.now)
        connection.isAnswering = state.hasAnswering
        // Less than before is always granted.
        _ = connection.drawForRequests(state.size)
        if !isReading { schedule() }
    }

    // MARK: Responses

    private func perform(_ action: HTTP2Stream.Action?, on id: HTTP2StreamID) {
        switch action {
        case nil, .nothing: break
        case .sendContinue:
            write(.headers(.init(headers: HPACKHeaders([(":status", "100")]))), on: id)
            flushIfNeeded()
        case .respond(let head, let content): respond(to: head, content, on: id)
        case .refuse(let status):
            connection.listener.report(.malformedRequest(status, connection.peer.address))
            write(Response(status), on: id)
        }
    }

    private func respond(to head: HTTPRequestHead, _ content: Request.Content, on id: HTTP2StreamID) {
        connection.touch()
        connection.isAnswering = true
        let request = Request(
            head.method, RequestTarget(head.uri, hasAbsoluteForm: false), fields: head.headers, content: content,
            peer: connection.peer, isStream: true)
        switch connection.listener.respond(request, connection.channel.eventLoop) {
        case .now(let response): write(response, on: id)
        case .later(let future):
            future.assumeIsolated().whenComplete { result in
                self.write((try? result.get()) ?? Response(.internalServerError), on: id)
            }
        case .stream(_, let source):
            source.end()
            // RFC 9113 section 7: the client may send the request again over HTTP/1.1.
            reset(id, .http11Required)
            flushIfNeeded()
        }
    }

    private func write(_ response: Response, on id: HTTP2StreamID) {
        guard let context,
            let isHead = state.update(id, { $0.answer(limits: limits, now: context.eventLoop.now) })
        else { return }
        if response.isAuthenticated { raiseStreamLimit() }
        let length = response.content.readableBytes
        let headers = HPACKHeaders(response, date: loop.date.current())
        let hasContent = !isHead && length > 0
        let end = endOfAnsweredRequest(id, context)
        write(.headers(.init(headers: headers, endStream: !hasContent)), on: id, hasContent ? nil : end)
        if hasContent { write(.data(.init(data: .byteBuffer(response.content), endStream: true)), on: id, end) }
        flushIfNeeded()
    }

    /// RFC 9113 section 8.1: the client need not send the rest of a request once it has the response.
    private func endOfAnsweredRequest(_ id: HTTP2StreamID, _ context: ChannelHandlerContext) -> EventLoopPromise<Void>?
    {
        guard let stream = state.streams[id], !stream.isWhole else { return nil }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            guard self.state.streams[id] != nil else { return }
            self.reset(id, .noError)
            self.flushIfNeeded()
        }
        return promise
    }

    private func raiseStreamLimit() {
        connection.authenticate()
        guard state.raiseStreamLimit() else { return }
        let setting = HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streams)
        write(.settings(.settings([setting])), on: .rootStream)
    }

    private func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        write(.rstStream(code), on: id)
        remove(id)
    }

    private func write(
        _ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID, _ promise: EventLoopPromise<Void>? = nil
    ) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: promise)
    }

    private func flushIfNeeded() {
        guard !isReading else { return }
        context?.flush()
        schedule()
    }

    // MARK: The end

    private func drain(_ context: ChannelHandlerContext) { goAway(within: limits.lingerTime, context) }

    private func goAway(within time: TimeAmount, _ context: ChannelHandlerContext) {
        guard state.goAway(within: time, streams: limits.drainTime, now: context.eventLoop.now) else { return }
        // RFC 9113 section 6.8: the last possible stream, since requests may be on their way.
        write(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil), on: .rootStream)
        context.flush()
        schedule()
    }

    /// Ends a connection after GOAWAY. RFC 9113 section 6.8: the client may send again what came after the last stream.
    private func finish(_ context: ChannelHandlerContext) {
        write(.goAway(lastStreamID: state.lastStream, errorCode: .noError, opaqueData: nil), on: .rootStream)
        context.flush()
        context.close(promise: nil)
    }

    /// Schedules the timer for the next deadline, unless it comes early enough already.
    private func schedule() {
        guard let context else { return }
        reader.look(context.channel, isSending: !context.channel.isWritable)
        let next = [state.deadline, reader.deadline].compactMap { $0 }.min()
        timer.schedule(at: next, on: context.eventLoop) { self.wake() }
    }

    private func wake() {
        timer.fired()
        guard let context else { return }
        let now = context.eventLoop.now
        if reader.hasExpired(context.channel, now: now) { return context.close(promise: nil) }
        while let expiry = state.expired(now: now) {
            switch expiry {
            case .stream(let id):
                connection.listener.report(.requestTimeout(connection.peer.address))
                reset(id, .cancel)
            case .idle: goAway(within: limits.goAwayTime, context)
            case .connection: return finish(context)
            }
        }
        context.flush()
        schedule()
    }
}
