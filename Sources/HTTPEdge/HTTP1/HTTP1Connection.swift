import NIOCore
import NIOHTTP1

/// One connection of HTTP/1: it carries out what ``HTTP1State`` decides.
final class HTTP1Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let connection: OpenConnection
    private let loop: ListenerState.LoopState
    private var state: HTTP1State
    private var pipeline = Pipeline()
    private var context: ChannelHandlerContext?
    private var timer = DeadlineTimer()
    private var reader: ReaderProgress
    private var isReading = false
    /// The octets that are written and not flushed.
    private var unflushed = 0
    /// Whether the client has not read all that was flushed.
    private var isSending = false
    /// Whether the request in progress has drawn more memory than its connection has.
    private var isMemoryDrawn = false
    /// The response whose content goes on.
    private var stream: (source: ContentSource, exchange: HTTP1State.Exchange)?
    /// How many requests the responder has been given.
    private(set) var requestCount = 0

    init(_ connection: OpenConnection, _ loop: ListenerState.LoopState) {
        self.connection = connection
        self.loop = loop
        state = HTTP1State(connection.limits, now: connection.channel.eventLoop.now)
        reader = ReaderProgress(connection.limits.readerTime)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedule()
        if connection.listener.isEnding { perform(state.drain(isSending: false, now: context.eventLoop.now)) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        _ = state.close()
        releaseStream()
        timer.cancel()
        pipeline.removeAll()
        context = nil
    }

    // MARK: Input

    /// Called with the size of each read, before it is parsed.
    ///
    /// - Returns: whether it is to be parsed.
    func shouldParse(_ count: Int) -> Bool {
        guard let context else { return false }
        isReading = true
        if isBusy || !pipeline.isEmpty { pipeline.read(count) }
        guard !pipeline.isFull else { return false }
        switch state.read(count, now: context.eventLoop.now) {
        case .parse: break
        case .drop: return false
        case .refuse:
            receive(.failure(.badRequest))
            return false
        }
        return drawMemory(context)
    }

    /// Draws what the request in progress and the waiting inputs take.
    private func drawMemory(_ context: ChannelHandlerContext) -> Bool {
        let size = state.size + pipeline.octets
        guard size > MemoryCost.smallRequest || isMemoryDrawn else { return true }
        isMemoryDrawn = size > MemoryCost.smallRequest
        guard !connection.drawForRequests(isMemoryDrawn ? size * MemoryCost.perOctet : 0) else { return true }
        if isBusy || !pipeline.isEmpty {
            pipeline.end(.serviceUnavailable)
        } else {
            perform(state.fail(.serviceUnavailable, now: context.eventLoop.now))
        }
        return false
    }

    /// Whether further inputs must wait: for a response, until the client has read, or for the end of a pause.
    private var isBusy: Bool { state.isAnswering || isSending || state.pausedUntil != nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(.part(unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The parser reports everything behind its first error.
        if error is ByteToMessageDecoderError { return }
        guard let error = error as? HTTPParserError else { return perform(state.close()) }
        receive(.failure(error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest))
    }

    private func receive(_ input: Pipeline.Input) {
        if isBusy || !pipeline.isEmpty { pipeline.append(input) } else { process(input) }
    }

    private func process(_ input: Pipeline.Input) {
        guard let context else { return }
        switch input {
        case .part(let part): perform(state.receive(part, now: context.eventLoop.now))
        case .failure(let status): perform(state.fail(status, now: context.eventLoop.now))
        case .end: perform(state.endInput())
        }
    }

    private func processWaiting() {
        while !isBusy, !state.isClosed, let input = pipeline.popFirst() { process(input) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush()
        schedule()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if state.wantsInput, pipeline.isEmpty, !isSending { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            receive(.end)
        } else if event is ChannelShouldQuiesceEvent {
            perform(state.drain(isSending: isSending, now: context.eventLoop.now))
            endStream()
            schedule()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Output

    private func perform(_ action: HTTP1State.Action) {
        guard let context else { return }
        switch action {
        case .nothing: break
        case .sendContinue:
            write(ResponseEncoder.continue, to: context)
            flushIfDue()
        case .respond(let head, let content): respond(to: head, content)
        case .refuse(let status):
            connection.listener.report(
                status == .requestTimeout
                    ? .requestTimeout(connection.peer.address) : .malformedRequest(status, connection.peer.address))
            var response = Response(status)
            // There is memory again when a request of another connection has ended.
            if status == .serviceUnavailable { response.fields.add(name: "Retry-After", value: "1") }
            write(response)
        case .linger:
            context.close(mode: .output, promise: nil)
            context.read()
        case .close: context.close(promise: nil)
        }
    }

    private func respond(to head: HTTPRequestHead, _ content: Request.Content) {
        connection.touch()
        connection.isAnswering = true
        requestCount += 1
        let request = Request(
            head.method, RequestTarget(head.uri, hasAbsoluteForm: true), fields: head.headers, content: content,
            peer: connection.peer)
        switch connection.listener.respond(request, connection.channel.eventLoop) {
        case .now(let response): write(response)
        case .later(let future):
            future.assumeIsolated().whenComplete { result in
                self.write((try? result.get()) ?? Response(.internalServerError))
                self.processWaiting()
                self.resume()
            }
        case .stream(let response, let source): begin(response, source)
        }
    }

    private func write(_ response: Response) {
        guard let context, let exchange = state.answer(response) else { return }
        connection.isAnswering = isSending
        if response.isAuthenticated { connection.authenticate() }
        for part in ResponseEncoder.encode(response, exchange, date: loop.date.current()) { write(part, to: context) }
        if exchange.isLast {
            finishWhenSent(exchange, context)
        } else {
            perform(state.finish(exchange, pause: response.pause, now: context.eventLoop.now))
            _ = drawMemory(context)
        }
        flushIfDue()
    }

    private func finishWhenSent(_ exchange: HTTP1State.Exchange, _ context: ChannelHandlerContext) {
        whenSent(context) {
            self.perform(self.state.finish(exchange, pause: nil, now: self.connection.channel.eventLoop.now))
            self.processWaiting()
            self.resume()
        }
    }

    // MARK: Content that goes on

    private func begin(_ response: Response, _ source: ContentSource) {
        var response = response
        response.closesConnection = true
        guard let context, let exchange = state.answer(response) else { return source.end() }
        let buffers = ResponseEncoder.encode(response, exchange, date: loop.date.current(), isStream: true)
        for part in buffers { write(part, to: context) }
        stream = (source, exchange)
        if exchange.isHead || connection.listener.isEnding { endStream() } else { sendNext() }
        flushIfDue()
    }

    /// Sends the next piece when it is there, and asks for another when the client's system has it. The client's progress
    /// is watched as with any response.
    private func sendNext() {
        guard let context, let stream else { return }
        stream.source.next(context.eventLoop).assumeIsolated().whenComplete { result in
            guard let context = self.context, self.stream != nil else { return }
            guard case .success(let piece?) = result else { return self.endStream() }
            self.write(piece, to: context)
            self.whenSent(context) { context.eventLoop.assumeIsolated().execute { self.sendNext() } }
            self.resume()
        }
    }

    private func endStream() {
        guard let context, let exchange = releaseStream() else { return }
        finishWhenSent(exchange, context)
        flush()
    }

    @discardableResult
    private func releaseStream() -> HTTP1State.Exchange? {
        guard let ended = stream else { return nil }
        stream = nil
        ended.source.end()
        return ended.exchange
    }

    private func write(_ octets: ByteBuffer, to context: ChannelHandlerContext) {
        unflushed += octets.readableBytes
        context.write(wrapOutboundOut(octets), promise: nil)
    }

    /// Calls `action` when the client's system has all that was written.
    private func whenSent(_ context: ChannelHandlerContext, _ action: @escaping () -> Void) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in action() }
        context.write(wrapOutboundOut(ByteBuffer()), promise: promise)
        unflushed += 1
    }

    /// Flushes at once, unless more responses may follow in this read; they are not kept without a limit.
    private func flushIfDue() {
        if !isReading || unflushed > ConnectionLimits.largestWrite { flush() }
    }

    private func flush() {
        guard unflushed > 0, let context else { return }
        unflushed = 0
        context.flush()
        guard !isSending, ReaderProgress.waiting(on: context.channel) > 0 else { return }
        isSending = true
        connection.isAnswering = true
        whenSent(context) {
            self.isSending = false
            self.connection.isAnswering = self.state.isAnswering
            self.processWaiting()
            self.resume()
        }
        unflushed = 0
        context.flush()
    }

    /// Reads on if the state allows it.
    private func resume() {
        guard let context else { return }
        flush()
        if state.closesWhenSent, !isSending { perform(state.close()) }
        schedule()
        context.channel.read()
    }

    // MARK: Time

    /// Schedules the timer for the next deadline, unless it comes early enough already.
    private func schedule() {
        guard let context else { return }
        reader.look(context.channel, isSending: isSending)
        // While the client reads a response, only its progress counts.
        let next = isSending ? reader.deadline : [state.deadline, state.pausedUntil].compactMap { $0 }.min()
        timer.schedule(at: next, on: context.eventLoop) { self.wake() }
    }

    private func wake() {
        timer.fired()
        guard let context else { return }
        let now = context.eventLoop.now
        if reader.hasExpired(context.channel, now: now) {
            context.close(promise: nil)
            return
        }
        if !isSending { perform(state.expire(now: now)) }
        processWaiting()
        resume()
    }
}
