import GRPCCore
import Synchronization
import Testing
import TokenVerifier
import TokenVerifierTesting

@testable import VerifyingPage

/// The interceptor of Documentation/Verifying.md, called as gRPC Swift calls it: what writes the messages of an answer runs
/// after `intercept` has returned.
@Suite struct BearerTokenInterceptorTests {
    private typealias Response = StreamingServerResponse<String>

    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    /// Keeps what is written.
    private final class Messages: RPCWriterProtocol {
        private let written = Mutex<[String]>([])

        var all: [String] { written.withLock { $0 } }

        func write(_ element: String) async throws { written.withLock { $0.append(element) } }

        func write(contentsOf elements: some Sequence<String>) async throws {
            written.withLock { $0 += Array(elements) }
        }
    }

    /// Answers a call.
    ///
    /// - Returns: the messages of the answer.
    private func call(
        _ authorization: String?, handler: @Sendable @escaping () async throws -> Response
    ) async throws -> [String] {
        let interceptor = BearerTokenInterceptor(verifier: try issuer.verifier(), scope: try Scope("read"))
        let fields: Metadata = authorization.map { ["authorization": .string($0)] } ?? [:]
        let request = StreamingServerRequest(
            metadata: fields,
            messages: RPCAsyncSequence<String, any Error>(wrapping: AsyncThrowingStream { $0.finish() }))
        let response = try await withServerContextRPCCancellationHandle { cancellation in
            try await interceptor.intercept(
                request: request,
                context: ServerContext(
                    descriptor: MethodDescriptor(fullyQualifiedService: "test", method: "call"),
                    remotePeer: "in-process:1", localPeer: "in-process:1", cancellation: cancellation)
            ) { _, _ in try await handler() }
        }
        let messages = Messages()
        _ = try await response.accepted.get().producer(RPCWriter(wrapping: messages))
        return messages.all
    }

    private func expect(
        _ code: RPCError.Code, challenge: String, _ authorization: String?,
        handler: @Sendable @escaping () async throws -> Response
    ) async throws {
        let error = await #expect(throws: RPCError.self) { try await call(authorization, handler: handler) }
        let challenges = try #require(error).metadata[stringValues: "www-authenticate"]
        #expect(error?.code == code && challenges.contains { $0.contains(challenge) }, "\(challenges.map(\.self))")
    }

    @Test("A handler has the token, and so has what writes the messages of its answer")
    func tokenOfAStream() async throws {
        let messages = try await call("Bearer \(issuer.token(scope: "read"))") {
            let subject = BearerTokenInterceptor.token?.claims.subject
            return StreamingServerResponse { writer in
                try await writer.write(subject ?? "none")
                try await writer.write(BearerTokenInterceptor.token?.claims.subject ?? "none")
                return [:]
            }
        }
        #expect(messages == ["test-client", "test-client"])
        #expect(BearerTokenInterceptor.token == nil)
    }

    @Test("A call without a sufficient token gets its challenge, and reaches no handler")
    func refusals() async throws {
        let reached: @Sendable () async throws -> Response = {
            Issue.record("reached")
            return StreamingServerResponse { _ in [:] }
        }
        try await expect(.unauthenticated, challenge: #"scope="read""#, nil, handler: reached)
        try await expect(.unauthenticated, challenge: "invalid_token", "Bearer a.b.c", handler: reached)
        let narrow = try issuer.token(scope: "other")
        try await expect(.permissionDenied, challenge: "insufficient_scope", "Bearer \(narrow)", handler: reached)
    }

    @Test("RFC 6750 section 3.1: a scope that a handler misses is a challenge, wherever the handler finds that out")
    func insufficientScope() async throws {
        let bearer = "Bearer \(try issuer.token(scope: "read"))"
        let missing = InsufficientScope(required: try Scope("write"))
        let handlers: [@Sendable () async throws -> Response] = [
            { throw missing },
            { StreamingServerResponse { _ in throw missing } },
            // As the error comes back through an interceptor behind this one.
            { StreamingServerResponse(error: RPCError(code: .unknown, message: "", cause: missing)) },
        ]
        for handler in handlers {
            try await expect(.permissionDenied, challenge: #"scope="write""#, bearer, handler: handler)
        }
    }
}
