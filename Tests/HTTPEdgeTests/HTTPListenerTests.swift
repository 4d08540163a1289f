import NIOCore
import NIOPosix
import Testing

@testable import HTTPEdge

/// Why a listener ends.
@Suite struct HTTPListenerTests {
    private static func listener() async throws -> HTTPListener {
        try await HTTPListener(EdgeFixture().configuration, group: .singleton)
    }

    @Test("A listener that the system ends reports the system's error")
    func theSystemEndsIt() async throws {
        let listener = try await Self.listener()
        let error = IOError(errnoCode: 100, reason: "accept")
        listener.channel.pipeline.fireErrorCaught(error)
        listener.channel.close(promise: nil)
        let thrown = await #expect(throws: IOError.self) { try await listener.waitUntilClosed() }
        #expect(thrown?.errnoCode == 100)
    }

    @Test("RFC 3986 section 3.2: the address of a listener has brackets if it is IPv6")
    func address() async throws {
        for (host, prefix) in [("127.0.0.1", "127.0.0.1:"), ("::1", "[::1]:")] {
            var configuration = EdgeFixture().configuration
            configuration.host = host
            // A machine need not have IPv6.
            guard let listener = try? await HTTPListener(configuration, group: .singleton) else {
                #expect(host == "::1")
                continue
            }
            #expect(listener.address?.hasPrefix(prefix) == true)
            listener.close()
        }
    }

    @Test("A listener that is closed without an error reports that it was closed")
    func itIsClosed() async throws {
        let listener = try await Self.listener()
        listener.channel.close(promise: nil)
        await #expect(throws: ListenerClosed.self) { try await listener.waitUntilClosed() }
    }

    @Test("A listener that is asked to stop ends without an error")
    func itIsStopped() async throws {
        let listener = try await Self.listener()
        listener.stopAccepting()
        try await listener.waitUntilClosed()
    }
}
