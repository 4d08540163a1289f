import JOSE
import Libcrypto
import OAuth
import Synchronization
import Testing

@testable import VaultTransit

@Suite(.timeLimit(.minutes(1))) struct TokenTests {
    private struct Missing: Error, CustomStringConvertible {
        let description = "vault-token: it is\u{1B} missing"
    }

    /// A file whose contents a test replaces.
    private final class TokenFile: Sendable {
        private let texts: Mutex<(texts: [String], reads: Int)>

        /// - Parameter texts: the contents at each reading; the last stays.
        init(_ texts: String...) { self.texts = Mutex((texts, 0)) }

        var reads: Int { texts.withLock { $0.reads } }

        var login: VaultLogin { .tokenFile(read) }

        var read: VaultLogin.Read {
            {
                let text = self.texts.withLock { state in
                    state.reads += 1
                    return state.texts[min(state.reads, state.texts.count) - 1]
                }
                return try SecretBytes(copying: text.utf8.span)
            }
        }
    }

    private static let account = TokenFile("eyJ.account.token")

    private static func kubernetes(_ file: TokenFile = TokenTests.account) -> VaultLogin {
        .kubernetes(role: "writ", readToken: file.read)
    }

    private func sign(_ stub: TransitStub, _ store: TransitStore, _ uri: TransitKeyURI) async throws {
        let key = RemoteKey(.vault(uri), try #require(try stub.publicKey()))
        _ = try await store.sign(TransitStub.message, with: key, .es256)
    }

    // MARK: A file

    @Test("The token is read for each request, without the line ends behind it")
    func readsTheFileForEachRequest() async throws {
        let file = TokenFile("root\n", "root\r\n", "root")
        let stub = try TransitStub()
        try await stub.serve(login: file.login) { store, uri in
            try await sign(stub, store, uri)
            try await sign(stub, store, uri)
        }
        #expect(file.reads == 3)
        #expect(stub.change { $0.calls.map(\.token) } == ["root", "root", "root"])
    }

    @Test("A token that Vault refuses is read again once: an agent may have replaced it just now")
    func readsAReplacedFile() async throws {
        let file = TokenFile("old", "root")
        let stub = try TransitStub()
        try await stub.serve(login: file.login) { store, uri in _ = try await store.key(at: .vault(uri)) }
        #expect(stub.calls(.read).map(\.token) == ["old", "root"])
    }

    @Test("If the file holds the refused token still, the request is denied")
    func deniesARefusedToken() async throws {
        let stub = try TransitStub()
        try await stub.serve(login: TokenFile("wrong-token").login) { store, uri in
            let error = await expect(code: .denied) { try await store.key(at: .vault(uri)) }
            #expect(error?.hint == #"the policy needs path "team/transit/keys/writ" { capabilities = ["read"] }"#)
            #expect(error?.description.contains("wrong-token") == false)
        }
        #expect(stub.calls(.read).count == 1)
    }

    @Test(
        "A file that no header field may have is not sent",
        arguments: [
            "", "\n", "a b", "a\nb", "a\r\nX-Vault-Namespace: b", "t\u{F6}ken", "\u{FEFF}token", "a\u{0}b", "a\u{7F}",
            "tok\u{0301}en", "to\u{212A}en", String(repeating: "t", count: VaultToken.maximumSize + 1),
        ])
    func refusesOtherTexts(text: String) async throws {
        let stub = try TransitStub()
        try await stub.serve(login: TokenFile(text).login) { store, uri in
            let error = await expect(code: .denied) { try await store.key(at: .vault(uri)) }
            #expect(text.utf8.count < 3 || error?.description.contains(text) == false)
        }
        #expect(stub.calls(.read).isEmpty)
    }

    @Test("A file that cannot be read is reported by its reason")
    func namesAMissingFile() async throws {
        let stub = try TransitStub()
        try await stub.serve(login: .tokenFile { throw Missing() }) { store, uri in
            let error = await expect(code: .denied) { try await store.key(at: .vault(uri)) }
            #expect(error?.description == #"the token of Vault cannot be read: vault-token: it is\u{1B} missing"#)
        }
    }

    // MARK: A login

    @Test(
        "A login sends the role and the service account's token; when two thirds of its lease have passed, the next login begins"
    )
    func keepsTheToken() async throws {
        let stub = try TransitStub()
        let clock = StubClock()
        try await stub.serve(login: Self.kubernetes(), namespace: "team-a", clock: clock) { store, uri in
            for _ in 0..<3 { try await sign(stub, store, uri) }
            clock.advance(by: .seconds(2399))
            try await sign(stub, store, uri)
            #expect(stub.calls(.login).count == 1)
            clock.advance(by: .seconds(1))
            try await sign(stub, store, uri)
            try await eventually {
                try await sign(stub, store, uri)
                return stub.calls(.sign).last?.token == "s.login-2"
            }
        }
        let logins = stub.calls(.login)
        #expect(logins.count == 2)
        #expect(logins[0].path == "/v1/auth/kubernetes/login")
        #expect(logins[0].token == nil)
        #expect(logins[0].body == JSONObject([.init("role", "writ"), .init("jwt", "eyJ.account.token")]))
        #expect(stub.calls(.sign).prefix(5).allSatisfy { $0.token == "s.login-1" })
    }

    @Test("A token without a lease does not expire")
    func keepsATokenForEver() async throws {
        let stub = try TransitStub()
        stub.change { $0.lease = 0 }
        let clock = StubClock()
        try await stub.serve(login: Self.kubernetes(), clock: clock) { store, uri in
            try await sign(stub, store, uri)
            clock.advance(by: .seconds(1_000_000_000))
            try await sign(stub, store, uri)
        }
        #expect(stub.calls(.login).count == 1)
    }

    @Test("One login is under way at a time, and all callers wait for it")
    func logsInOnce() async throws {
        let stub = try TransitStub()
        stub.hold()
        try await stub.serve(login: Self.kubernetes()) { store, uri in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try await store.key(at: .vault(uri)) } }
                try await eventually { stub.heldCount == 1 }
                stub.release()
                try await group.waitForAll()
            }
        }
        #expect(stub.calls(.login).count == 1)
        #expect(stub.calls(.read).map(\.token) == Array(repeating: "s.login-1", count: 8))
    }

    @Test("A caller that is cancelled while others wait for a login ends at once, and the login goes on")
    func endsACancelledCaller() async throws {
        let stub = try TransitStub()
        stub.hold()
        try await stub.serve(login: Self.kubernetes()) { store, uri in
            let first = Task { try await store.key(at: .vault(uri)) }
            let second = Task { try await store.key(at: .vault(uri)) }
            try await eventually { stub.heldCount == 1 }
            first.cancel()
            await expect(code: .unavailable) { try await first.value }
            stub.release()
            _ = try await second.value
        }
        #expect(stub.calls(.login).count == 1)
    }

    @Test("After a 403 there is one new login, with which the request is sent again")
    func logsInAfterARefusal() async throws {
        let stub = try TransitStub()
        try await stub.serve(login: Self.kubernetes()) { store, uri in
            try await sign(stub, store, uri)
            stub.change { $0.tokens = [] }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await sign(stub, store, uri) } }
                try await group.waitForAll()
            }
        }
        #expect(stub.calls(.login).count == 2)
    }

    @Test("If a new login does not help, there is none for the next request: the policy is missing")
    func doesNotLogInWithoutEnd() async throws {
        let stub = try TransitStub()
        let clock = StubClock()
        stub.reply(
            to: .read, .status(403, ""), .status(403, ""), .status(403, ""), .status(403, ""), .status(403, ""))
        try await stub.serve(login: Self.kubernetes(), clock: clock) { store, uri in
            for _ in 0..<2 { await expect(code: .denied) { try await store.key(at: .vault(uri)) } }
            #expect(stub.calls(.login).count == 2)
            clock.advance(by: .seconds(1))
            await expect(code: .denied) { try await store.key(at: .vault(uri)) }
            #expect(stub.calls(.login).count == 3)
            _ = try await store.key(at: .vault(uri))
        }
    }

    @Test("While the next login is under way, the token is used until its lease ends")
    func usesTheEarlierTokenMeanwhile() async throws {
        let stub = try TransitStub()
        let clock = StubClock()
        try await stub.serve(login: Self.kubernetes(), clock: clock) { store, uri in
            try await sign(stub, store, uri)
            stub.hold(.login)
            clock.advance(by: .seconds(3599))
            for _ in 0..<3 { try await sign(stub, store, uri) }
            try await eventually { stub.heldCount == 1 }
            clock.advance(by: .seconds(1))
            let last = Task { try await sign(stub, store, uri) }
            stub.release()
            try await last.value
        }
        #expect(stub.calls(.login).count == 2)
        #expect(stub.calls(.sign).map(\.token) == ["s.login-1", "s.login-1", "s.login-1", "s.login-1", "s.login-2"])
    }

    @Test("If the next login fails, the token is used until its lease ends")
    func usesTheEarlierToken() async throws {
        let stub = try TransitStub()
        let clock = StubClock()
        try await stub.serve(login: Self.kubernetes(), clock: clock) { store, uri in
            try await sign(stub, store, uri)
            stub.reply(to: .login, .status(500, "{}"), .status(500, "{}"), .status(500, "{}"))
            clock.advance(by: .seconds(2400))
            // A login that failed counts for a second.
            try await sign(stub, store, uri)
            try await eventually { stub.calls(.login).count == 2 }
            for _ in 0..<3 { try await sign(stub, store, uri) }
            #expect(stub.calls(.login).count == 2)
            try await eventually {
                clock.advance(by: .seconds(1))
                try await sign(stub, store, uri)
                return stub.calls(.login).count == 3
            }
            #expect(stub.calls(.sign).allSatisfy { $0.token == "s.login-1" })
            clock.advance(by: .seconds(1200))
            await expect(code: .unavailable) { try await sign(stub, store, uri) }
            stub.change { $0.replies = [:] }
            clock.advance(by: .seconds(1))
            try await sign(stub, store, uri)
        }
    }

    @Test(
        "A login that Vault refuses is denied, with Vault's reason and without the service account's token",
        arguments: [
            (400, #"{"errors":["invalid role name \"writ\""]}"#, #" (status 400: invalid role name "writ")"#),
            (403, #"{"errors":["permission denied"]}"#, " (status 403: permission denied)"),
            (404, #"{"errors":["no handler for route"]}"#, " (status 404: no handler for route)"),
            (400, #"{"errors":["bad jwt: eyJ.account.token"]}"#, " (status 400)"),
            (400, #"{"errors":["bad jwt: eyJ.account.\u0074oken\n"]}"#, " (status 400)"),
        ])
    func namesARefusedLogin(status: Int, body: String, end: String) async throws {
        let stub = try TransitStub()
        stub.reply(to: .login, .status(status, body))
        try await stub.serve(login: Self.kubernetes()) { store, uri in
            let error = await expect(code: .denied) { try await store.key(at: .vault(uri)) }
            #expect(error?.hint?.contains("vault.kubernetes_mount") == (status == 404))
            #expect(error?.description.utf8.suffix(end.utf8.count).elementsEqual(end.utf8) == true)
        }
    }

    @Test(
        "An answer to a login without a token that can be sent is no login",
        arguments: [
            "{}", #"{"auth":null}"#, #"{"auth":{"lease_duration":1}}"#,
            #"{"auth":{"client_token":"","lease_duration":1}}"#,
            #"{"auth":{"client_token":"a b","lease_duration":1}}"#,
            #"{"auth":{"client_token":"a\r\nb","lease_duration":1}}"#,
            #"{"auth":{"client_token":"a","lease_duration":-1}}"#,
            #"{"auth":{"client_token":"a","lease_duration":"1"}}"#,
            #"{"auth":{"client_token":"a"}}"#, #"{"auth":{"client_token":["a"],"lease_duration":1}}"#, "<html>",
        ])
    func refusesOtherLogins(text: String) async throws {
        let stub = try TransitStub()
        stub.reply(to: .login, .text(text))
        try await stub.serve(login: Self.kubernetes()) { store, uri in
            await expect(code: .unavailable) { try await store.key(at: .vault(uri)) }
        }
        #expect(stub.calls(.read).isEmpty)
    }

    @Test("A lease of any length counts")
    func readsLongLeases() async throws {
        let stub = try TransitStub()
        stub.reply(to: .login, .text(#"{"auth":{"client_token":"root","lease_duration":9223372036854775807}}"#))
        try await stub.serve(login: Self.kubernetes()) { store, uri in _ = try await store.key(at: .vault(uri)) }
        #expect(stub.calls(.read).map(\.token) == ["root"])
    }

    @Test("The mount of the auth method is part of the path, and must be one")
    func namesTheMount() async throws {
        let stub = try TransitStub()
        let read = Self.account.read
        try await stub.serve(login: .kubernetes(role: "r", readToken: read, mount: "clusters/a")) { store, uri in
            _ = try await store.key(at: .vault(uri))
        }
        #expect(stub.calls(.login).map(\.path) == ["/v1/auth/clusters/a/login"])
        try await stub.serve(login: .kubernetes(role: "r", readToken: read, mount: "a/../b")) { store, uri in
            await expect(code: .notConfigured) { try await store.key(at: .vault(uri)) }
        }
        #expect(stub.calls(.login).count == 1)
    }

    @Test("The service account's token is read for each login")
    func readsTheAccountForEachLogin() async throws {
        let stub = try TransitStub()
        let clock = StubClock()
        try await stub.serve(login: Self.kubernetes(TokenFile("eyJ.1", "eyJ.2")), clock: clock) { store, uri in
            _ = try await store.key(at: .vault(uri))
            clock.advance(by: .seconds(3600))
            _ = try await store.key(at: .vault(uri))
        }
        #expect(stub.calls(.login).map { $0.body["jwt"] } == ["eyJ.1", "eyJ.2"])
    }
}
