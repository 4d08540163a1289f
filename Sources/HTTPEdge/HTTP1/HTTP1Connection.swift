import NIOCore
import NIOHTTP1

/// One connection of HTTP/1: it carries out what ``HTTP1State`` decides.
final class HTTP1Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// What the parser found while a request waited for its response.
    private enum Input {
        case part(HTTPServerRequestPart)
        case failure(HTTPResponseStatus)
    }

    private let connection: OpenConnection
    private let loop: ListenerState.LoopState
    private var state: HTTP1State
    private var waiting = CircularBuffer<Input>()
    private var waitingHeads = 0
    /// Whether a request did not fit among those that wait. Nothing that follows it is kept.
    private var isPipelineFull = false
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var timerDeadline = NIODeadline.distantFuture
    private var reader: ReaderProgress
    private var isReading = false
    private var needsFlush = false
    /// Whether the request in progress has drawn more memory than its connection has.
    private var isMemoryDrawn = false

    init(_ connection: OpenConnection, _ loop: ListenerState.LoopState) {
        self.connection = connection
        self.loop = loop
        state = HTTP1State(connection.limits, now: connection.channel.eventLoop.now)
        reader = ReaderProgress(connection.limits.readerTime)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedule()
        if connection.listener.isEnding { perform(state.drain(now: context.eventLoop.now)) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        _ = state.close()
        timer?.cancel()
        timer = nil
        waiting.removeAll()
        context = nil
    }

    // MARK: Input

    /// Called with the size of each read, before it is parsed.
    ///
    /// - Returns: whether it is to be parsed.
    func shouldParse(_ count: Int) -> Bool {
        guard let context else { return false }
        isReading = true
        switch state.read(count, now: context.eventLoop.now) {
        case .parse: break
        case .drop: return false
        case .refuse:
            receive(.failure(.badRequest))
            return false
        }
        return drawMemory(context)
    }

    private func drawMemory(_ context: ChannelHandlerContext) -> Bool {
        let size = state.size
        guard size > MemoryCost.smallRequest || isMemoryDrawn else { return true }
        isMemoryDrawn = size > MemoryCost.smallRequest
        guard !connection.drawForRequests(isMemoryDrawn ? size * MemoryCost.perOctet : 0) else { return true }
        perform(state.fail(.serviceUnavailable, now: context.eventLoop.now))
        return false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(.part(unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return perform(state.close()) }
        receive(.failure(error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest))
    }

    private func receive(_ input: Input) {
        guard state.isAnswering || !waiting.isEmpty || !connection.channel.isWritable else { return process(input) }
        guard !isPipelineFull else { return }
        if case .part(.head) = input {
            // A request that does not fit ends the connection, so that no response is taken for that of another one.
            guard waitingHeads < ConnectionLimits.pipeline else {
                isPipelineFull = true
                waiting.append(.failure(.tooManyRequests))
                return
            }
            waitingHeads += 1
        }
        waiting.append(input)
    }

    private func process(_ input: Input) {
        guard let context else { return }
        switch input {
        case .part(let part): perform(state.receive(part, now: context.eventLoop.now))
        case .failure(let status): perform(state.fail(status, now: context.eventLoop.now))
        }
    }

    private func processWaiting() {
        while !state.isAnswering, !state.isClosed, connection.channel.isWritable, let input = waiting.popFirst() {
            if case .part(.head) = input { waitingHeads -= 1 }
            process(input)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flushIfNeeded()
        schedule()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if state.wantsInput, waiting.isEmpty, connection.channel.isWritable { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            perform(state.endInput())
        } else if event is ChannelShouldQuiesceEvent {
            perform(state.drain(now: context.eventLoop.now))
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
            context.write(wrapOutboundOut(ResponseEncoder.continue), promise: nil)
            needsFlush = true
            flushIfNeeded()
        case .respond(let head, let content): respond(to: head, content)
        case .refuse(let status):
            connection.listener.report(
                status == .requestTimeout
                    ? .requestTimeout(connection.peer.address) : .malformedRequest(status, connection.peer.address))
            write(Response(status))
        case .linger:
            context.close(mode: .output, promise: nil)
            context.read()
        case .close: context.close(promise: nil)
        }
    }

    private func respond(to head: HTTPRequestHead, _ content: Request.Content) {
        connection.touch()
        connection.isAnswering = true
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
        }
    }

    private func write(_ response: Response) {
        guard let context, let exchange = state.answer(response) else { return }
        connection.isAnswering = false
        if response.isAuthenticated { connection.isAuthenticated = true }
        var parts = ResponseEncoder.encode(response, exchange, date: loop.date.current())
        let last = parts.popLast() ?? ByteBuffer()
        for part in parts { context.write(wrapOutboundOut(part), promise: nil) }
        needsFlush = true
        if exchange.isLast {
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in
                self.perform(self.state.finish(exchange, pause: nil, now: self.connection.channel.eventLoop.now))
                self.processWaiting()
                self.resume()
            }
            context.write(wrapOutboundOut(last), promise: promise)
        } else {
            context.write(wrapOutboundOut(last), promise: nil)
            perform(state.finish(exchange, pause: response.pause, now: context.eventLoop.now))
            _ = drawMemory(context)
        }
        flushIfNeeded()
    }

    private func flushIfNeeded() {
        guard needsFlush, !isReading, let context else { return }
        needsFlush = false
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        schedule()
        if context.channel.isWritable {
            processWaiting()
            resume()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Reads on if the state allows it.
    private func resume() {
        guard let context else { return }
        flushIfNeeded()
        schedule()
        context.channel.read()
    }

    // MARK: Time

    /// Schedules the timer for the next deadline, unless it comes early enough already.
    private func schedule() {
        guard let context else { return }
        reader.look(context.channel)
        let next = [state.deadline, state.pausedUntil, reader.deadline].compactMap { $0 }.min()
        guard let next, next < timerDeadline else { return }
        timer?.cancel()
        timerDeadline = next
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.wake() }
    }

    private func wake() {
        timerDeadline = .distantFuture
        guard let context else { return }
        let now = context.eventLoop.now
        if reader.hasExpired(context.channel, now: now) {
            context.close(promise: nil)
            return
        }
        perform(state.expire(now: now))
        resume()
    }
}

/// Counts the octets that are read, before they are parsed.
final class RequestMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTP1Connection

    init(_ connection: HTTP1Connection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.shouldParse(unwrapInboundIn(data).readableBytes) { context.fireChannelRead(data) }
    }
}
