import AccessToken
import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import JOSE
import LoopbackServer
import NIOHTTP1
import Synchronization
import Testing

@testable import TokenSource

/// Requests with bound tokens to a resource server that refuses them, RFC 9449 sections 7.1 and 9.
@Suite(.timeLimit(.minutes(1))) struct BoundRequestTests {
    private struct Seen: Sendable, Equatable {
        let path: String
        let token: String?
        let nonce: String?
    }

    /// An answer of the resource server.
    private enum Answer: Sendable {
        case ok
        case refusal(String)
        case nonce(String)
        /// To another host.
        case redirect
    }

    private let stub = EndpointStub()
    private let key: DPoPKey

    init() throws { key = try .generate() }

    private static func seen(_ request: Request) -> Seen {
        let proof = request.headers[.dpop].flatMap { try? CompactJWS.unverifiedClaims(of: $0) }
        return Seen(
            path: request.uri.path, token: request.headers[.authorization], nonce: proof?["nonce"]?.string)
    }

    private static func response(_ answer: Answer, _ request: Request) -> Response {
        switch answer {
        case .ok: return Response(status: .ok)
        case .refusal(let error):
            return Response(status: .unauthorized, headers: [.wwwAuthenticate: "DPoP error=\"\(error)\""])
        case .nonce(let nonce):
            return Response(
                status: .unauthorized,
                headers: [.wwwAuthenticate: #"DPoP error="use_dpop_nonce""#, .dpopNonce: nonce])
        case .redirect:
            let port = (request.head.authority ?? "").utf8.drop { $0 != UInt8(ascii: ":") }
            let location = "http://localhost\(String(Substring(port)))/api/other"
            return Response(status: .found, headers: [.location: location])
        }
    }

    /// Runs `body` with a source that has a DPoP key, and a resource server.
    private func serve(
        _ answer: @escaping @Sendable (_ count: Int, Seen) async -> Answer,
        _ body:
            @escaping @Sendable (_ origin: String, AccessTokenSource, _ seen: @Sendable () -> [Seen]) async throws
            -> Void
    ) async throws {
        let seen = Mutex<[Seen]>([])
        let router = Router()
        stub.addRoutes(to: router)
        router.get("api/**") { request, _ in
            let one = Self.seen(request)
            let count = seen.withLock { seen in
                seen.append(one)
                return seen.count
            }
            return Self.response(await answer(count, one), request)
        }
        stub.reply(.token("a", type: "DPoP"), .token("b", type: "DPoP"), .token("c", type: "DPoP"))
        try await LoopbackServer.serve(router) { [key] origin in
            let source = AccessTokenSource(
                issuer: try Issuer(origin), credential: try .secret("s", of: try ClientID("client")), dpopKey: key)
            try await body(origin, source) { seen.withLock { $0 } }
        }
    }

    private func serve(
        answering answers: [Answer],
        _ body:
            @escaping @Sendable (_ origin: String, AccessTokenSource, _ seen: @Sendable () -> [Seen]) async throws
            -> Void
    ) async throws {
        try await serve({ count, _ in count <= answers.count ? answers[count - 1] : .ok }, body)
    }

    private static func get(_ origin: String, _ source: AccessTokenSource) async throws -> HTTPResponseStatus {
        try await HTTPClient.shared.execute(HTTPClientRequest(url: origin + "/api/x"), authorizedBy: source).status
    }

    /// Lets its callers go on when all have come.
    private actor Gathering {
        private var missing: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(of count: Int) { missing = count }

        func join() async {
            missing -= 1
            guard missing > 0 else { return waiting.forEach { $0.resume() } }
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    @Test("Of requests that are refused for their nonce at the same time each is sent once more")
    func parallelNonces() async throws {
        let gathering = Gathering(of: 4)
        let answer: @Sendable (Int, Seen) async -> Answer = { _, seen in
            guard seen.nonce == nil else { return .ok }
            await gathering.join()
            return .nonce("n")
        }
        try await serve(answer) { origin, source, seen in
            let statuses = try await withThrowingTaskGroup(of: HTTPResponseStatus.self) { group in
                for _ in 0..<4 { group.addTask { try await Self.get(origin, source) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [.ok, .ok, .ok, .ok])
            #expect(seen().count == 8)
        }
    }

    @Test("A nonce is answered once, with the first token or with the second")
    func nonceAndToken() async throws {
        let rows: [([Answer], HTTPResponseStatus, [String])] = [
            ([.refusal("invalid_token"), .nonce("n")], .ok, ["DPoP a", "DPoP b", "DPoP b"]),
            ([.nonce("n"), .refusal("invalid_token")], .ok, ["DPoP a", "DPoP a", "DPoP b"]),
            (
                [.nonce("n"), .refusal("invalid_token"), .nonce("m")], .unauthorized, ["DPoP a", "DPoP a", "DPoP b"]
            ),
            (
                [.refusal("invalid_token"), .nonce("n"), .nonce("m")], .unauthorized, ["DPoP a", "DPoP b", "DPoP b"]
            ),
            ([.refusal("invalid_token"), .refusal("invalid_token")], .unauthorized, ["DPoP a", "DPoP b"]),
        ]
        for (answers, status, tokens) in rows {
            let tests = try BoundRequestTests()
            try await tests.serve(answering: answers) { origin, source, seen in
                let answered = try await Self.get(origin, source)
                #expect(answered == status)
                #expect(seen().map(\.token) == tokens)
            }
        }
    }

    @Test("A refusal of the proof does not cost the token")
    func invalidProof() async throws {
        try await serve(answering: [.refusal("invalid_dpop_proof")]) { [stub] origin, source, seen in
            let (first, second) = (try await Self.get(origin, source), try await Self.get(origin, source))
            #expect(first == .unauthorized && second == .ok)
            #expect(seen().map(\.token) == ["DPoP a", "DPoP a"])
            #expect(stub.received.count == 1)
        }
    }

    @Test("The nonce of a host that a redirect leads to is no reason to send the request again")
    func redirect() async throws {
        try await serve(answering: [.redirect, .nonce("n")]) { origin, source, seen in
            let status = try await Self.get(origin, source)
            #expect(status == .unauthorized)
            #expect(seen().map(\.path) == ["/api/x", "/api/other"])
            #expect(seen().map(\.token) == ["DPoP a", nil])
        }
    }
}
