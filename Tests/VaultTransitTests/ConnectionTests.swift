import JOSE
import Libcrypto
import NIOCore
import NIOPosix
import OAuth
import RemoteKeys
import Synchronization
import Testing
import WireText

@testable import VaultTransit

@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    /// A server that answers each request in turn, and closes the connection at an empty answer.
    private final class Script: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let state: Mutex<(answers: [String], connections: Int, requests: Int)>

        init(_ answers: [String]) { state = Mutex((answers, 0, 0)) }

        var connections: Int { state.withLock { $0.connections } }
        var requests: Int { state.withLock { $0.requests } }

        func channelActive(context: ChannelHandlerContext) { state.withLock { $0.connections += 1 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = state.withLock { state in
                state.requests += 1
                return state.answers.isEmpty ? "" : state.answers.removeFirst()
            }
            if answer.isEmpty { return context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private static func description() throws -> String {
        let key = try PrivateKey.generateEd25519().publicKey.base64
        let body = #"{"data":{"type":"ed25519","latest_version":1,"keys":{"1":{"public_key":"\#(key)"}}}}"#
        return "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func listen(_ script: Script, port: Int = 0) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { $0.pipeline.addHandler(script) }
            .bind(host: "127.0.0.1", port: port).get()
    }

    private static func store() -> TransitStore {
        TransitStore(
            http: .writ(), authorities: nil, login: .tokenFile { try SecretBytes(copying: "root".utf8.span) },
            limit: .seconds(60))
    }

    /// Runs `body` with a server that gives these answers.
    private func withScript(
        _ answers: [String], _ body: (TransitStore, TransitKeyURI, Script) async throws -> Void
    ) async throws {
        let script = Script(answers)
        let server = try await Self.listen(script)
        let port = try #require(server.localAddress?.port)
        let store = Self.store()
        do {
            try await body(store, try TransitKeyURI(Octets("vault+http://127.0.0.1:\(port)/t/keys/writ")), script)
        } catch {
            try await server.close().get()
            throw error
        }
        try await server.close().get()
    }

    @Test("The connection is kept for the next request")
    func keepsConnections() async throws {
        let answer = try Self.description()
        try await withScript([answer, answer, answer]) { store, uri, script in
            for _ in 0..<3 { _ = try await store.key(at: .vault(uri)) }
            #expect(script.requests == 3)
            #expect(script.connections == 1)
        }
    }

    @Test("A request on a kept connection that the server closes is sent once more")
    func repeatsOnce() async throws {
        let answer = try Self.description()
        try await withScript([answer, "", answer]) { store, uri, script in
            for _ in 0..<2 { _ = try await store.key(at: .vault(uri)) }
            #expect(script.requests == 3)
            #expect(script.connections == 2)
        }
    }

    @Test("An answer that comes twice is not the answer to the next request")
    func dropsASecondAnswer() async throws {
        let (first, second, third) = (try Self.description(), try Self.description(), try Self.description())
        try await withScript([first + second, third]) { store, uri, script in
            let one = try await store.key(at: .vault(uri))
            let two = try await store.key(at: .vault(uri))
            #expect(first.contains(one.publicKey.base64))
            #expect(third.contains(two.publicKey.base64))
            #expect(script.connections == 2)
        }
    }

    @Test("A server that closes every connection is not asked without end")
    func repeatsNoMore() async throws {
        try await withScript([]) { store, uri, script in
            await expect(code: .unavailable) { try await store.key(at: .vault(uri)) }
            #expect(script.requests == 2)
        }
    }

    @Test(
        "What is no answer of Vault's is reported as that",
        arguments: [
            "220 smtp.example ESMTP\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<html",
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n{\"a\"",
        ])
    func reportsOtherAnswers(text: String) async throws {
        try await withScript([text, text]) { store, uri, _ in
            await expect(code: .unavailable) { try await store.key(at: .vault(uri)) }
        }
    }

    @Test("Half an answer is asked for once more, since a signature may be made twice")
    func repeatsHalfAnAnswer() async throws {
        let stub = try TransitStub()
        stub.reply(to: .sign, .half)
        try await stub.serve { store, uri in
            let key = try await store.key(at: .vault(uri))
            _ = try await store.sign(TransitStub.message, with: key, .es256)
        }
        #expect(stub.calls(.sign).count == 2)
    }

    @Test("An answer that is too large is not read to its end")
    func limitsTheSize() async throws {
        let stub = try TransitStub()
        stub.reply(to: .read, .text(String(repeating: " ", count: HTTPAnswer.maximumSize + 1)))
        try await stub.serve { store, uri in
            let error = await expect(code: .unavailable) { try await store.key(at: .vault(uri)) }
            #expect(error?.description.contains("larger than") == true)
        }
    }

    @Test(
        "A server that gives no answer in time is reported as that",
        arguments: [TransitStub.Operation.login, .read, .sign])
    func limitsTheTime(operation: TransitStub.Operation) async throws {
        let stub = try TransitStub()
        let login = VaultLogin.kubernetes(role: "writ") { try SecretBytes(copying: "eyJ".utf8.span) }
        let key = try #require(try stub.publicKey())
        // What hangs is reached within a tenth of a second or not: the error is the same.
        stub.reply(to: operation, .hang)
        try await stub.serve(login: login, limit: .milliseconds(100)) { store, uri in
            await expect(code: .timedOut) {
                try await store.sign(TransitStub.message, with: RemoteKey(.vault(uri), key), .es256)
            }
        }
    }

    @Test("The limit is that of a signature: making and finding a key, and the login for it, have a limit of their own")
    func limitsSignaturesAlone() async throws {
        let stub = try TransitStub()
        let login = VaultLogin.kubernetes(role: "writ") { try SecretBytes(copying: "eyJ".utf8.span) }
        try await stub.serve(login: login, limit: .zero) { store, uri in
            let key = try await store.key(at: .vault(uri))
            _ = try await store.makeKey(at: .vault(uri), for: .es256, named: "")
            stub.reply(to: .sign, .hang)
            await expect(code: .timedOut) { try await store.sign(TransitStub.message, with: key, .es256) }
        }
    }

    @Test("A signature that waits for the login of another call ends in its own time, and the login goes on")
    func limitsTheWaitForALogin() async throws {
        let stub = try TransitStub()
        let login = VaultLogin.kubernetes(role: "writ") { try SecretBytes(copying: "eyJ".utf8.span) }
        let key = try #require(try stub.publicKey())
        stub.hold(.login)
        try await stub.serve(login: login, limit: .milliseconds(10)) { store, uri in
            let other = Task { try await store.key(at: .vault(uri)) }
            try await eventually { stub.heldCount == 1 }
            await expect(code: .timedOut) {
                try await store.sign(TransitStub.message, with: RemoteKey(.vault(uri), key), .es256)
            }
            stub.release()
            _ = try await other.value
        }
        #expect(stub.calls(.login).count == 1)
    }

    @Test("The cancellation of the caller ends the request")
    func endsWithItsCaller() async throws {
        let stub = try TransitStub()
        stub.reply(to: .read, .hang)
        try await stub.serve { store, uri in
            let caller = Task { try await store.key(at: .vault(uri)) }
            try await eventually { stub.calls(.read).count == 1 }
            caller.cancel()
            let error = await expect(code: .unavailable) { try await caller.value }
            #expect(error == .cancelled)
        }
    }

    @Test("A server that is not there is unavailable, by its name")
    func namesARefusal() async throws {
        // TCP port 1 is assigned, and no program listens there.
        let uri = try KeyURI("vault+http://127.0.0.1:1/transit/keys/writ")
        let error = await expect(code: .unavailable) { try await Self.store().key(at: uri) }
        #expect(error?.description == "Vault at http://127.0.0.1:1 gives no answer: the connection was refused")
        #expect(error?.hint == "check that Vault runs, and listens at the address and port of the URI")
    }

    @Test("A server that was away is used as soon as it is there again")
    func comesBack() async throws {
        let answer = try Self.description()
        let server = try await Self.listen(Script([answer]))
        let port = try #require(server.localAddress?.port)
        let (store, uri) = (Self.store(), try KeyURI("vault+http://127.0.0.1:\(port)/transit/keys/writ"))
        _ = try await store.key(at: uri)
        try await server.close().get()
        for _ in 0..<5 { await expect(code: .unavailable) { try await store.key(at: uri) } }
        let next = try await Self.listen(Script([answer]), port: port)
        _ = try await store.key(at: uri)
        try await next.close().get()
    }
}

extension PublicKey {
    /// The 32 octets of RFC 8032 in base64.
    fileprivate var base64: String {
        guard case .ed25519(let octets) = components else { return "none" }
        return Base64.encode(octets)
    }
}
