import Dispatch
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import OAuth
import Synchronization

@testable import LiveState
@testable import ServiceFiles
@testable import TokenHTTP

/// Connections to the HTTP handlers without sockets, with the handlers that ``Listener`` gives them.
final class HTTPConnection: Sendable {
    private let channel: HTTP1Channel

    init(to door: TokenRouter) throws {
        let responder = try Self.waiting { try await Self.responder(of: door) }
        // Time stands still on a testing channel, so that the numbers do not matter.
        channel = HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    ReaderDeadline(.seconds(10)), RequestDeadline(.seconds(10)),
                    RetryPacingHandler(RetryPacing(interval: .milliseconds(1))),
                    ContinueHandler(maximumBodySize: EndpointRequest.maximumBodySize), HTTP1RulesHandler(),
                ],
                idleTimeout: .seconds(30)))
    }

    /// Everything that comes back when the pieces are sent one by one, and then nothing more.
    func answers(to pieces: [[UInt8]]) -> [UInt8] {
        do { return try Self.waiting { [channel] in try await Self.answers(of: channel, to: pieces) } } catch {
            fatalError("a connection failed: \(error)")
        }
    }

    private static func answers(of http: HTTP1Channel, to pieces: [[UInt8]]) async throws -> [UInt8] {
        let channel = NIOAsyncTestingChannel()
        let value = try await channel.eventLoop.flatSubmit { http.setup(channel: channel, logger: .silent) }.get()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 40_000)).get()
        async let handling: Void = http.handle(value: value, logger: .silent)
        for piece in pieces where channel.isActive { _ = try? await channel.writeInbound(ByteBuffer(bytes: piece)) }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        await handling
        var octets: [UInt8] = []
        while let buffer = try await channel.readOutbound(as: ByteBuffer.self) { octets += buffer.readableBytesView }
        return octets
    }

    /// What Hummingbird makes of the door: an application that is told to serve, and gets no further than that.
    private static func responder(of door: TokenRouter) async throws -> HTTPChannelHandler.Responder {
        struct Stop: Error {}
        let found = Mutex<HTTPChannelHandler.Responder?>(nil)
        let application = Application(
            responder: HeadResponder(responder: door),
            server: HTTPServerBuilder { responder in
                found.withLock { $0 = responder }
                throw Stop()
            },
            logger: .silent)
        do { try await application.run() } catch is Stop {}
        guard let responder = found.withLock({ $0 }) else { fatalError("Hummingbird builds no server") }
        return responder
    }

    /// libFuzzer's thread waits for what others do.
    private static func waiting<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let end = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Value, any Error>?>(nil)
        Task {
            let value: Result<Value, any Error>
            do { value = .success(try await body()) } catch { value = .failure(error) }
            result.withLock { $0 = value }
            end.signal()
        }
        end.wait()
        guard let value = result.withLock({ $0 }) else { fatalError("nobody waited") }
        return try value.get()
    }
}
