import AccessToken
import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import LoopbackServer
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import TokenSource

/// Requests to a resource server with a token.
@Suite(.timeLimit(.minutes(1))) struct AuthorizedRequestTests {
    private struct Seen: Sendable, Equatable {
        let path: String
        let authorization: String?
        let body: String
    }

    private let stub = EndpointStub()
    private let credential: ClientCredential

    init() throws {
        credential = try .secret("s", of: try ClientID("client"))
    }

    /// Runs `body` with a resource server that refuses the given tokens, and answers with a redirect at `/away`.
    private func serve(
        refusing refused: Set<String>,
        _ body:
            @escaping @Sendable (_ origin: String, AccessTokenSource, _ seen: @Sendable () -> [Seen]) async throws ->
            Void
    ) async throws {
        let seen = Mutex<[Seen]>([])
        let router = Router()
        stub.addRoutes(to: router)
        for method in [HTTPRequest.Method.get, .post] {
            router.on("api/**", method: method) { request, _ in
                let text = String(buffer: try await request.body.collect(upTo: 1000))
                let authorization = request.headers[.authorization]
                seen.withLock { $0.append(Seen(path: request.uri.path, authorization: authorization, body: text)) }
                if request.uri.path == "/api/away" {
                    // The same server, and another host.
                    let port = (request.head.authority ?? "").utf8.drop { $0 != UInt8(ascii: ":") }
                    let location = "http://localhost\(String(Substring(port)))/api/other"
                    return Response(status: .found, headers: [.location: location])
                }
                let isRefused = authorization.map { refused.contains($0) } ?? true
                return Response(status: isRefused ? .unauthorized : .ok)
            }
        }
        try await LoopbackServer.serve(router) { [credential] origin in
            let source = AccessTokenSource(issuer: try Issuer(origin), credential: credential)
            try await body(origin, source) { seen.withLock { $0 } }
        }
    }

    @Test("RFC 6750 section 2.1: a request carries the token in its field Authorization, in place of any other")
    func sendsTheToken() async throws {
        try await serve(refusing: []) { origin, source, seen in
            var request = HTTPClientRequest(url: origin + "/api/x?y=z")
            request.headers.add(name: "Authorization", value: "Basic other")
            let response = try await HTTPClient.shared.execute(request, authorizedBy: source)
            #expect(response.status == .ok)
            #expect(seen() == [Seen(path: "/api/x", authorization: "Bearer token-1", body: "")])
        }
    }

    @Test("A request that is refused with 401 is sent once more with a new token, and no third time")
    func retriesOnce() async throws {
        try await serve(refusing: ["Bearer token-1"]) { origin, source, seen in
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: origin + "/api/x"), authorizedBy: source)
            #expect(response.status == .ok)
            #expect(seen().map(\.authorization) == ["Bearer token-1", "Bearer token-2"])
        }
        try await serve(refusing: ["Bearer token-3", "Bearer token-4"]) { origin, source, seen in
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: origin + "/api/x"), authorizedBy: source)
            #expect(response.status == .unauthorized)
            #expect(seen().map(\.authorization) == ["Bearer token-3", "Bearer token-4"])
        }
    }

    @Test("A body is sent again only if the caller says that it can be")
    func bodies() async throws {
        try await serve(refusing: ["Bearer token-1", "Bearer token-3"]) { origin, source, seen in
            var request = HTTPClientRequest(url: origin + "/api/x")
            request.method = .POST
            request.body = .bytes(ByteBuffer(string: "hello"))
            let response = try await HTTPClient.shared.execute(
                request, authorizedBy: source, bodyCanBeSentAgain: true)
            #expect(response.status == .ok)
            #expect(seen().map(\.body) == ["hello", "hello"])
            let other = AccessTokenSource(
                issuer: try Issuer(origin), credential: try .secret("s", of: try ClientID("client")))
            #expect(try await HTTPClient.shared.execute(request, authorizedBy: other).status == .unauthorized)
            #expect(seen().count == 3)
            // The next request has another token.
            #expect(try await HTTPClient.shared.execute(request, authorizedBy: other).status == .ok)
        }
    }

    @Test("If there is no other token, the answer to the first one is returned")
    func noOtherToken() async throws {
        stub.reply(.token("same"), .token("same"), .token("a"), .error("invalid_client"))
        for refused in ["same", "a"] {
            try await serve(refusing: ["Bearer \(refused)"]) { origin, source, seen in
                let response = try await HTTPClient.shared.execute(
                    HTTPClientRequest(url: origin + "/api/x"), authorizedBy: source)
                #expect(response.status == .unauthorized)
                #expect(seen().count == 1)
            }
        }
        #expect(stub.received.count == 4)
    }

    @Test("A redirect to another host is followed without the token, and its 401 does not cost the token")
    func redirects() async throws {
        try await serve(refusing: []) { [stub] origin, source, seen in
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: origin + "/api/away"), authorizedBy: source)
            #expect(response.status == .unauthorized)
            #expect(seen().map(\.path) == ["/api/away", "/api/other"])
            #expect(seen().map(\.authorization) == ["Bearer token-1", nil])
            #expect(stub.received.count == 1)
            #expect(try await source.token().value == "token-1")
        }
    }

    @Test(
        "RFC 6750 section 5.3: no token is requested for, or sent to, a URL that is neither https nor on a loopback host",
        arguments: [
            "http://api.example.com/", "http://127.0.0.1.evil.example/", "http://localhost@evil.example/",
            "ftp://localhost/",
            "http+unix://%2Fsocket/", "localhost", "", "http:/localhost/", "http://127.0.0.1\\@evil.example/",
            "http://localhost\u{301}/", "//localhost/",
        ])
    func insecureURLs(url: String) async throws {
        try await serve(refusing: []) { [stub] _, source, _ in
            await #expect(throws: TokenSourceError(.insecureURL)) {
                try await HTTPClient.shared.execute(HTTPClientRequest(url: url), authorizedBy: source)
            }
            #expect(stub.received.isEmpty)
        }
    }

    /// Runs `body` with a source that has a DPoP key, and a resource server that asks for each of the nonces in turn.
    private func serve(
        asking nonces: [String],
        _ body:
            @escaping @Sendable (_ origin: String, AccessTokenSource, _ seen: @Sendable () -> [DPoPProof]) async throws
            -> Void
    ) async throws {
        let seen = Mutex<[DPoPProof]>([])
        let router = Router()
        stub.addRoutes(to: router)
        router.on("api/**", method: .post) { request, _ in
            let origin = "http://\(request.head.authority ?? "")"
            let proof = try DPoPProof(
                fields: request.headers[values: .dpop], method: "POST", target: TargetURI(origin + request.uri.path),
                accessToken: "a", now: .now)
            #expect(request.headers[values: .authorization] == ["DPoP a"])
            let count = seen.withLock { seen in
                seen.append(proof)
                return seen.count
            }
            guard count <= nonces.count else { return Response(status: .ok, headers: [.dpopNonce: "next"]) }
            let challenge = #"Bearer realm="a", DPoP algs="ES256", error="use_dpop_nonce""#
            return Response(
                status: .unauthorized, headers: [.wwwAuthenticate: challenge, .dpopNonce: nonces[count - 1]])
        }
        stub.reply(.token("a", type: "DPoP"))
        let key = try DPoPKey.generate()
        try await LoopbackServer.serve(router) { [credential] origin in
            let source = AccessTokenSource(issuer: try Issuer(origin), credential: credential, dpopKey: key)
            try await body(origin, source) { seen.withLock { $0 } }
        }
    }

    private static func post(_ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "DPoP", value: "another")
        return request
    }

    @Test("RFC 9449 sections 7.1 and 9: a request has a proof, and is sent once more with the nonce of the server")
    func dpop() async throws {
        try await serve(asking: ["n-1"]) { [stub] origin, source, seen in
            for _ in 0..<2 {
                let request = Self.post(origin + "/api/x?y=z")
                let response = try await HTTPClient.shared.execute(request, authorizedBy: source)
                #expect(response.status == .ok)
            }
            #expect(seen().map(\.nonce) == [nil, "n-1", "next"])
            #expect(Set(seen().map(\.tokenID)).count == 3)
            #expect(stub.received.count == 1)
        }
    }

    @Test("A server that asks for a nonce without end gets two requests, and its refusals do not cost the token")
    func endlessNonces() async throws {
        for (nonces, count) in [(["1", "2", "3", "4"], 2), (["1", "1", "1"], 2), (["a b", "a b"], 1)] {
            try await serve(asking: nonces) { [stub] origin, source, seen in
                let requests = stub.received.count
                let response = try await HTTPClient.shared.execute(Self.post(origin + "/api/x"), authorizedBy: source)
                #expect(response.status == .unauthorized)
                #expect(seen().count == count)
                #expect(try await source.token().value == "a")
                #expect(stub.received.count == requests + 1)
            }
        }
    }

    @Test("A body that cannot be read twice is not sent again for a nonce; the next request has it")
    func nonceWithBody() async throws {
        try await serve(asking: ["n-1"]) { origin, source, seen in
            var request = Self.post(origin + "/api/x")
            request.body = .bytes(ByteBuffer(string: "hello"))
            let first = try await HTTPClient.shared.execute(request, authorizedBy: source)
            let second = try await HTTPClient.shared.execute(request, authorizedBy: source)
            #expect(first.status == .unauthorized && second.status == .ok)
            #expect(seen().map(\.nonce) == [nil, "n-1"])
        }
    }
}
