import AccessToken
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import LoopbackServer
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RemoteKeys

@Suite struct OutgoingHTTPTests {
    /// What a server writes at once to each connection, whatever it reads.
    private final class Writer: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let text: String
        private let ends: Bool

        init(_ text: String, ends: Bool) {
            self.text = text
            self.ends = ends
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            if ends { context.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// Runs `body` with the URL of a server that writes the text to each request.
    ///
    /// - Parameter ends: whether it ends the connection then. If not, it never does.
    private func withServer(
        writing text: String, ends: Bool = false, _ body: (String) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { $0.pipeline.addHandler(Writer(text, ends: ends)) }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        do { try await body("http://127.0.0.1:\(port)/") } catch {
            try await server.close().get()
            throw error
        }
        try await server.close().get()
    }

    private func send(_ url: String, within limit: Duration = .seconds(60)) async throws -> HTTPAnswer {
        try await OutgoingHTTP.writ().send(HTTPClientRequest(url: url), within: limit)
    }

    @Test("A connection that is refused fails at once, by its name", arguments: ["127.0.0.1", "localhost"])
    func namesARefusal(host: String) async {
        // TCP port 1 is assigned, and no program listens there.
        await #expect(throws: ConnectionFailure(.refused, "")) { try await send("http://\(host):1/") }
    }

    @Test("RFC 6761 section 6.4: a host that no resolver knows is reported as unknown")
    func namesAnUnknownHost() async {
        await #expect(throws: ConnectionFailure(.unknownHost, "")) { try await send("https://nothing.invalid/") }
    }

    @Test("A server that does not answer in time is reported as that")
    func namesATimeLimit() async throws {
        try await withServer(writing: "") { url in
            await #expect(throws: ConnectionFailure(.timedOut, "")) { try await send(url, within: .milliseconds(50)) }
        }
    }

    @Test("A server that does not speak TLS is reported as that, and not as a time limit")
    func namesAFailedHandshake() async throws {
        try await withServer(writing: "HTTP/1.1 400 Bad Request\r\n\r\n") { url in
            let secure = "https" + url.dropFirst(4)
            await #expect(throws: ConnectionFailure(.handshake, "")) { try await send(secure) }
        }
    }

    @Test("An answer that is not HTTP is reported")
    func namesAnotherProtocol() async throws {
        try await withServer(writing: "220 smtp.example ESMTP\r\n") { url in
            await #expect(throws: ConnectionFailure(.other, "")) { try await send(url) }
        }
    }

    @Test(
        "A connection that ends before the answer does is reported as that",
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        ])
    func namesAnEarlyEnd(text: String) async throws {
        try await withServer(writing: text, ends: true) { url in
            await #expect(throws: ConnectionFailure(.closed, "")) { try await send(url) }
        }
    }

    @Test(
        "All octets of an exchange count, whatever they are for",
        arguments: [
            // 1xx answers without end, and a chunk extension without end.
            ("", "HTTP/1.1 103 Early Hints\r\nx: " + String(repeating: "y", count: 1000) + "\r\n\r\n"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", String(repeating: "x", count: 1000)),
        ])
    func limitsTheExchange(start: String, repeated: String) async throws {
        let text = start + String(repeating: repeated, count: 1000)
        try await withServer(writing: text) { url in
            await #expect(throws: ConnectionFailure(.tooLarge, "")) { try await send(url) }
        }
    }

    @Test("RFC 9110 section 10.1.5: each request names its sender and what it accepts")
    func namesItself() async throws {
        let router = Router()
        router.get("fields") { request, _ in
            "\(request.headers[.userAgent] ?? "none")|\(request.headers[.accept] ?? "none")"
        }
        try await LoopbackServer.serve(router) { origin in
            for (http, name) in [(OutgoingHTTP.writ(), "writ"), (.verifier, "TokenVerifier")] {
                let answer = try await http.send(HTTPClientRequest(url: "\(origin)/fields"), within: .seconds(60))
                #expect(
                    String(decoding: answer.body, as: UTF8.self)
                        == "\(name)/\(Release.version)|application/jwk-set+json, application/json")
            }
        }
    }

    @Test("A field that the caller sets stays as it is")
    func keepsTheCallersFields() async throws {
        let router = Router()
        router.get("fields") { request, _ in request.headers[.userAgent] ?? "none" }
        try await LoopbackServer.serve(router) { origin in
            var request = HTTPClientRequest(url: "\(origin)/fields")
            request.headers.add(name: "user-agent", value: "own")
            let answer = try await OutgoingHTTP.writ().send(request, within: .seconds(60))
            #expect(String(decoding: answer.body, as: UTF8.self) == "own")
        }
    }

    @Test("Certificate authorities that cannot be read fail the request by their name")
    func namesUnreadableAuthorities() async {
        let authorities = [
            CertificateAuthorities { throw ConnectionFailure(.other, "x") },
            CertificateAuthorities { [Array("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n".utf8)] },
            CertificateAuthorities { [[]] },
        ]
        for authorities in authorities {
            await #expect(throws: ConnectionFailure(.authorities, "")) {
                try await OutgoingHTTP.writ(trusting: authorities).send(
                    HTTPClientRequest(url: "https://127.0.0.1:1/"), within: .seconds(60))
            }
            #expect(throws: ConnectionFailure(.authorities, "")) { try authorities.check() }
        }
    }

    @Test("SSL_CERT_FILE and SSL_CERT_DIR name the certificate authorities", arguments: [nil, ""])
    func readsTheVariables(unset: String?) throws {
        var environment: [String: String] = [:]
        environment["SSL_CERT_FILE"] = unset
        environment["SSL_CERT_DIR"] = unset
        #expect(CertificateAuthorities(environment: environment) == nil)
        environment["SSL_CERT_FILE"] = "/nothing/here.pem"
        let missing = try #require(CertificateAuthorities(environment: environment))
        #expect(throws: ConnectionFailure(.authorities, "")) { try missing.check() }
    }

    @Test("A file in SSL_CERT_DIR that does not parse is skipped, and a folder without a certificate fails by its name")
    func skipsFilesOfAFolder() throws {
        let folder = try TemporaryFolder()
        let authorities = try #require(CertificateAuthorities(environment: ["SSL_CERT_DIR": folder.path("")]))
        try folder.write("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n", to: "broken.pem")
        let error = #expect(throws: ConnectionFailure.self) { try authorities.check() }
        #expect(error?.description == "SSL_CERT_DIR: there is no certificate in PEM")
        try folder.write(String(decoding: TestVectors.octets("certificates/good.pem"), as: UTF8.self), to: "good.pem")
        try authorities.check()
    }

    @Test("A named pipe in place of a file with certificates is not waited for", .timeLimit(.minutes(1)))
    func authoritiesInAPipe() throws {
        let folder = try TemporaryFolder()
        #expect(unsafe mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(throws: ConnectionFailure(.authorities, "")) {
            try CertificateAuthorities(file: folder.path("pipe")).check()
        }
        #expect(throws: ConnectionFailure(.authorities, "")) {
            try CertificateAuthorities(environment: ["SSL_CERT_FILE": folder.path("pipe")])?.check()
        }
    }
}
