import AccessToken
import RemoteKeys
import Synchronization
import Testing

@testable import TokenSource

@Suite(.timeLimit(.minutes(1))) struct AccessTokenSourceTests {
    private let stub = EndpointStub()
    private let clock = ManualClock()
    private let credential: ClientCredential

    init() throws {
        credential = try .secret("s", of: try ClientID("client"))
    }

    private func serve(
        limits: AccessTokenSource.Limits = .standard,
        _ body: @escaping @Sendable (AccessTokenSource) async throws -> Void
    ) async throws {
        try await stub.serve(credential, limits: limits, clock: clock, body)
    }

    @Test("RFC 6749 section 4.4.2, RFC 8707 section 2: a request names its scope, resources and audiences")
    func sendsTheRequest() async throws {
        let access = RequestedAccess(
            resources: [try Audience("https://a.example"), try Audience("https://b.example/x?y")],
            audiences: [try Audience("rabbitmq")], scope: try Scope("read write"))
        try await serve { [stub] source in
            _ = try await source.token(for: access)
            _ = try await source.token()
            #expect(
                stub.received[0].form == [
                    "grant_type": "client_credentials", "scope": "read write",
                    "resource": "https://a.example https://b.example/x?y", "audience": "rabbitmq",
                ])
            #expect(stub.received[1].form == ["grant_type": "client_credentials"])
            #expect(stub.received[0].userAgent?.utf8.starts(with: "TokenSource/".utf8) == true)
        }
    }

    @Test("RFC 8707 section 2: a resource is an absolute URI without fragment, and a name is requested by audience")
    func resourcesAreURIs() throws {
        let (name, uri) = (try Audience("rabbitmq"), try Audience("urn:a:b"))
        let access = RequestedAccess(resources: [name, uri], audiences: [try Audience("kafka")])
        #expect(access.resources == [uri])
        #expect(access.audiences.map(\.description) == ["kafka", "rabbitmq"])
        #expect(RequestedAccess(resource: name) == RequestedAccess(audiences: [name]))
        #expect(RequestedAccess(resource: name).form.map(\.name) == ["grant_type", "audience"])
        #expect(throws: InvalidValue.self) { try Audience("https://a.example#b") }
    }

    @Test("RFC 6749 section 5.1: a token is returned with its scope and its expiry, and is not in its description")
    func returnsTheToken() async throws {
        stub.reply(.token("secret-token", more: #","scope":"read""#), .token("secret-token"))
        let access = RequestedAccess(scope: try Scope("read write"))
        let (granted, other) = (try Scope("read"), try Scope("x"))
        try await serve { source in
            let token = try await source.token(for: access)
            #expect(token.value == "secret-token")
            #expect(token.authorization == "Bearer secret-token")
            #expect(token.scope == granted)
            #expect(token.expiration == ManualClock.date + .seconds(1000))
            var dumped = ""
            dump(token, to: &dumped)
            for text in ["\(token)", String(reflecting: token), dumped] { #expect(!text.contains("secret-token")) }
            // Without a scope in the answer it is the requested one.
            #expect(try await source.token(for: RequestedAccess(scope: other)).scope == other)
        }
    }

    @Test("One request serves callers one after the other; another scope or audience has a token of its own")
    func cachesByAccess() async throws {
        let first = RequestedAccess(scope: try Scope("a b"))
        let others = [
            RequestedAccess(scope: try Scope("a")), RequestedAccess(resource: try Audience("https://a.example")),
            RequestedAccess(audiences: [try Audience("https://a.example")]),
        ]
        try await serve { [stub] source in
            let token = try await source.token(for: first)
            // RFC 6749 section 3.3: the order of scope tokens does not matter.
            #expect(try await source.token(for: RequestedAccess(scope: try Scope("b a"))).isSame(as: token))
            #expect(stub.received.count == 1)
            for other in others { #expect(try await !source.token(for: other).isSame(as: token)) }
            #expect(stub.received.count == 4)
            #expect(stub.metadataRequests == 1)
        }
    }

    @Test("Callers that need a token at the same time share one request")
    func sharesARequest() async throws {
        stub.hold()
        try await serve { [stub] source in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await source.token().value } }
                try await eventually { source.load().waiting == 20 && stub.received.count == 1 }
                stub.release()
                for try await value in group { #expect(value == "token-1") }
            }
            #expect(stub.received.count == 1)
        }
    }

    @Test("A caller that is cancelled stops waiting at once; the others get the token of the same request")
    func cancelsOneCaller() async throws {
        stub.hold()
        try await serve { [stub] source in
            let first = Task { try await source.token().value }
            try await eventually { source.load().waiting == 1 && stub.received.count == 1 }
            let second = Task { try await source.token().value }
            try await eventually { source.load().waiting == 2 }
            first.cancel()
            // The answer is still held back.
            await #expect(throws: TokenSourceError(.cancelled)) { try await first.value }
            stub.release()
            #expect(try await second.value == "token-1")
            #expect(stub.received.count == 1)
        }
    }

    @Test("A token is replaced ahead of its expiry, and callers get the current one meanwhile")
    func refreshesAhead() async throws {
        try await serve { [stub, clock] source in
            let first = try await source.token()
            clock.advance(by: .seconds(699))
            #expect(try await source.token().isSame(as: first))
            #expect(stub.received.count == 1)
            clock.advance(by: .seconds(2))
            stub.hold()
            for _ in 0..<3 { #expect(try await source.token().isSame(as: first)) }
            try await eventually { stub.received.count == 2 }
            stub.release()
            try await eventually { try await source.token().value == "token-2" }
            #expect(stub.received.count == 2)
        }
    }

    @Test("While the issuer is down, the token is used until it expires")
    func survivesAnOutage() async throws {
        stub.reply(.token("old"))
        for _ in 0..<20 { stub.reply(.error("down", status: 500)) }
        try await serve { [stub, clock] source in
            #expect(try await source.token().value == "old")
            // In the background, ahead of the expiry; then, shortly before it, callers wait for an attempt.
            for (step, time) in [701, 200, 90, 8].enumerated() {
                clock.advance(by: .seconds(time))
                #expect(try await source.token().value == "old")
                try await eventually { stub.received.count == step + 2 && !source.load().isFetching }
                #expect(try await source.token().value == "old")
            }
            clock.advance(by: .seconds(60))
            let error = await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
            #expect(error?.refusal?.status == 500)
        }
    }

    @Test("After a failure callers get the error at once, and the next request is made after a pause that doubles")
    func pausesAfterAFailure() async throws {
        for _ in 0..<3 { stub.reply(.error("server_error", status: 500)) }
        try await serve { [stub, clock] source in
            for (failures, pause) in [(1, 500), (2, 1000), (3, 2000)] {
                for _ in 0..<3 {
                    await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
                }
                #expect(stub.received.count == failures)
                clock.advance(by: .milliseconds(pause))
            }
            let token = try await source.token()
            #expect(token.value == "token-4")
        }
    }

    @Test(
        "RFC 6749 section 5.2: an error that only a person can correct is reported at once, and not asked for again soon",
        arguments: [
            "invalid_client", "invalid_scope", "unauthorized_client", "invalid_target", "invalid_request",
        ])
    func doesNotHammer(error: String) async throws {
        stub.reply(.error(error, status: error == "invalid_client" ? 401 : 400))
        try await serve { [stub, clock] source in
            for _ in 0..<3 {
                let thrown = await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
                #expect(thrown?.refusal?.error == error)
                #expect(thrown?.isTemporary == false)
                clock.advance(by: .seconds(4))
            }
            #expect(stub.received.count == 1)
            // With the wrong secret no other request can succeed; with a wrong scope it can.
            let other = RequestedAccess(scope: try Scope("x"))
            if error == "invalid_client" {
                await #expect(throws: TokenSourceError(.refused)) { try await source.token(for: other) }
            } else {
                #expect(try await source.token(for: other).value == "token-2")
            }
            clock.advance(by: .seconds(5))
            #expect(try await source.token().value.utf8.starts(with: "token-".utf8))
        }
    }

    @Test(
        "RFC 9110 section 10.2.3: no request is made before Retry-After, in seconds or as a date, for any scope",
        arguments: ["120", "Fri, 15 Jan 2027 08:02:00 GMT"])
    func heedsRetryAfter(field: String) async throws {
        stub.reply(.error("temporarily_unavailable", status: 503, retryAfter: field))
        try await serve { [stub, clock] source in
            let error = await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
            #expect(error?.retryAfter == .seconds(120))
            clock.advance(by: .seconds(119))
            await #expect(throws: TokenSourceError(.refused)) { try await source.token() }
            await #expect(throws: TokenSourceError(.refused)) {
                try await source.token(for: RequestedAccess(scope: try Scope("x")))
            }
            #expect(stub.received.count == 1)
            clock.advance(by: .seconds(1))
            let token = try await source.token()
            #expect(token.value == "token-2")
        }
    }

    @Test("A token that a resource server refused is replaced; one that was replaced before is not replaced again")
    func invalidates() async throws {
        try await serve { [stub, clock] source in
            let first = try await source.token()
            source.invalidate(first)
            let second = try await source.token()
            #expect(second.value == "token-2")
            source.invalidate(first)
            #expect(try await source.token().isSame(as: second))
            // A resource server that refuses every token does not cost a request to the issuer each time.
            source.invalidate(second)
            #expect(try await source.token().isSame(as: second))
            clock.advance(by: .seconds(10))
            source.invalidate(second)
            #expect(try await source.token().value == "token-3")
            #expect(stub.received.count == 3)
        }
    }

    @Test("A token that a resource server refused stays in use while the issuer is down")
    func invalidatesInAnOutage() async throws {
        stub.reply(.token("old"), .error("down", status: 500))
        try await serve { [stub, clock] source in
            let old = try await source.token()
            source.invalidate(old)
            for _ in 0..<3 { #expect(try await source.token().isSame(as: old)) }
            #expect(stub.received.count == 2)
            clock.advance(by: .seconds(10))
            #expect(try await source.token().value == "token-3")
        }
    }

    @Test("An invalidated token whose access is not cached any more adds nothing to the cache")
    func invalidatesTheUnknown() async throws {
        let token = Mutex<IssuedAccessToken?>(nil)
        try await serve { source in
            let first = try await source.token()
            token.withLock { $0 = first }
        }
        try await serve { source in
            if let first = token.withLock({ $0 }) { source.invalidate(first) }
            #expect(source.cachedCount == 0)
        }
    }

    @Test("Shortly before its end, callers get the token that lives if the issuer does not answer in a moment")
    func doesNotWaitForASilentIssuer() async throws {
        let clock = ManualClock(patience: .zero)
        try await stub.serve(credential, limits: .standard, clock: clock) { [stub] source in
            let first = try await source.token()
            stub.hold()
            clock.advance(by: .seconds(995))
            #expect(try await source.token().isSame(as: first))
            #expect(source.load().isFetching)
            stub.release()
            try await eventually { !source.load().isFetching }
            #expect(try await source.token().value == "token-2")
        }
    }

    @Test("The number of cached tokens is bounded, and tokens in use stay")
    func isBounded() async throws {
        try await serve(limits: .init(cachedTokens: 8)) { source in
            let used = RequestedAccess(scope: try Scope("used"))
            let token = try await source.token(for: used)
            for number in 0..<30 {
                _ = try await source.token(for: RequestedAccess(scope: try Scope("s\(number)")))
                #expect(try await source.token(for: used).isSame(as: token))
                #expect(source.cachedCount <= 8)
            }
        }
    }

    @Test("RFC 8414 section 3.3: metadata of another issuer is not used, and no credential is sent")
    func refusesMetadataOfOthers() async throws {
        try await stub.serve { [stub, credential, clock] origin in
            // The metadata there names the issuer without a path.
            let source = AccessTokenSource(
                issuer: try Issuer(origin + "/tenant"), credential, through: .tokenSource(), .standard,
                clock: clock.clock, nil)
            let error = await #expect(throws: TokenSourceError(.undiscovered)) { try await source.token() }
            #expect(error?.cause as? DocumentFetchError == DocumentFetchError(.otherIssuer))
            #expect(stub.received.isEmpty)
        }
    }

    @Test("A token endpoint with a known URL needs no metadata")
    func knownEndpoint() async throws {
        try await stub.serve { [stub, credential] origin in
            let source = AccessTokenSource(tokenEndpoint: try RemoteURL(origin + "/token"), credential: credential)
            #expect(try await source.token().value == "token-1")
            #expect(stub.metadataRequests == 0)
        }
    }
}
