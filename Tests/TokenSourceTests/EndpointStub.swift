import AccessToken
import HTTPTypes
import Hummingbird
import LoopbackServer
import NIOCore
import RemoteKeys
import Synchronization
import WireText

@testable import TokenSource

/// An issuer for one test: its metadata, and a token endpoint that answers as the test says.
final class EndpointStub: Sendable {
    /// An answer. The body is JSON unless a test says otherwise.
    struct Reply: Sendable {
        var status = 200
        var headers: HTTPFields = [:]
        var body: String

        static func token(
            _ value: String, type: String = "Bearer", expiresIn: Int = 1000, more: String = "", nonce: String? = nil
        ) -> Reply {
            Reply(
                headers: Self.headers(nonce: nonce),
                body: #"{"access_token":"\#(value)","token_type":"\#(type)","expires_in":\#(expiresIn)\#(more)}"#)
        }

        /// RFC 9449 section 8
        static func useNonce(_ nonce: String?) -> Reply {
            Reply(status: 400, headers: headers(nonce: nonce), body: #"{"error":"use_dpop_nonce"}"#)
        }

        private static func headers(nonce: String?) -> HTTPFields {
            nonce.map { [.dpopNonce: $0] as HTTPFields } ?? [:]
        }

        static func error(_ error: String, status: Int = 400, retryAfter: String? = nil) -> Reply {
            Reply(
                status: status, headers: retryAfter.map { [.retryAfter: $0] as HTTPFields } ?? [:],
                body: #"{"error":"\#(error)"}"#)
        }
    }

    /// A request to the token endpoint.
    struct Received: Sendable {
        let authorization: String?
        let userAgent: String?
        let proofs: [String]
        let form: [String: String]
    }

    private struct State {
        var replies: [Reply] = []
        var received: [Received] = []
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        var metadataRequests = 0
    }

    private let state = Mutex(State())

    var received: [Received] { state.withLock { $0.received } }
    var metadataRequests: Int { state.withLock { $0.metadataRequests } }

    /// The next answers, in this order. After them come the tokens `token-1`, `token-2` and so on, by the number of the
    /// request.
    func reply(_ replies: Reply...) {
        state.withLock { $0.replies += replies }
    }

    /// Holds back every answer until ``release()``.
    func hold() {
        state.withLock { $0.isHeld = true }
    }

    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isHeld = false
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// Runs `body` with a source whose issuer this is.
    func serve(
        _ credential: ClientCredential, boundTo key: DPoPKey? = nil, limits: AccessTokenSource.Limits = .standard,
        clock: ManualClock = ManualClock(),
        _ body: @escaping @Sendable (AccessTokenSource) async throws -> Void
    ) async throws {
        try await serve { origin in
            let source = AccessTokenSource(
                issuer: try Issuer(origin), credential, boundTo: key, through: .tokenSource(), limits,
                clock: clock.clock, nil)
            try await body(source)
        }
    }

    /// Runs `body` with the issuer.
    func serve(_ body: @escaping @Sendable (_ origin: String) async throws -> Void) async throws {
        let router = Router()
        addRoutes(to: router)
        try await LoopbackServer.serve(router, body)
    }

    func addRoutes(to router: Router<BasicRequestContext>) {
        for path in ["", "/tenant"] {
            router.get(".well-known/oauth-authorization-server\(path)") { request, _ in
                self.state.withLock { $0.metadataRequests += 1 }
                let origin = "http://\(request.head.authority ?? "")"
                let metadata = #"{"issuer":"\#(origin)","token_endpoint":"\#(origin)/token"}"#
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: metadata)))
            }
        }
        router.post("token") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let reply = self.receive(
                Received(
                    authorization: request.headers[.authorization], userAgent: request.headers[.userAgent],
                    proofs: request.headers[values: .dpop],
                    form: Self.decode(String(buffer: body))))
            await withCheckedContinuation { continuation in
                let isHeld = self.state.withLock { state in
                    if state.isHeld { state.held.append(continuation) }
                    return state.isHeld
                }
                if !isHeld { continuation.resume() }
            }
            return Response(
                status: .init(code: reply.status), headers: reply.headers,
                body: .init(byteBuffer: ByteBuffer(string: reply.body)))
        }
    }

    private func receive(_ request: Received) -> Reply {
        state.withLock { state in
            state.received.append(request)
            return state.replies.isEmpty ? .token("token-\(state.received.count)") : state.replies.removeFirst()
        }
    }

    /// Each name once: `resource` and `audience` are joined with spaces if there are several.
    private static func decode(_ form: String) -> [String: String] {
        var decoded: [String: String] = [:]
        for pair in Octets(form).parts(between: "&") {
            let (name, value) = pair.split(at: "=")
            let text = value?.percentDecoded ?? "?"
            decoded[name.text] = decoded[name.text].map { "\($0) \(text)" } ?? text
        }
        return decoded
    }
}

extension HTTPField.Name {
    static var dpop: HTTPField.Name { HTTPField.Name("DPoP") ?? .accept }
    static var dpopNonce: HTTPField.Name { HTTPField.Name("DPoP-Nonce") ?? .accept }
}
