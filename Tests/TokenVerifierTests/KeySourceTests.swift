import AccessToken
import Foundation
import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto
import LoopbackServer
import RemoteKeys
import Synchronization
import TestSupport
import Testing

@testable import TokenVerifier

@Suite struct KeySourceTests {
    private let mint: TokenMint

    init() throws { mint = try TokenMint() }

    /// Serves a key set and metadata that names it. The last path component selects a fault.
    private func router(note: @escaping @Sendable (String) -> Void = { _ in }) throws -> Router<BasicRequestContext> {
        let keys = try mint.keys.json()
        let router = Router()
        router.get("**") { request, _ in
            let path = request.uri.path
            note(path)
            let origin = "http://\(request.head.authority ?? "")"
            func metadata(_ issuer: String) -> Response {
                Response(
                    status: .ok,
                    body: .init(
                        byteBuffer: ByteBuffer(string: #"{"issuer":"\#(issuer)","jwks_uri":"\#(origin)/keys"}"#)))
            }
            switch path {
            case "/keys": return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: keys)))
            case "/.well-known/oauth-authorization-server": return metadata(origin)
            case "/.well-known/oauth-authorization-server/path": return metadata("\(origin)/path")
            case "/.well-known/oauth-authorization-server/slash": return metadata("\(origin)/slash/")
            case "/oidc/.well-known/openid-configuration": return metadata("\(origin)/oidc")
            // An ingress that answers unknown paths with a page of its own.
            case "/.well-known/oauth-authorization-server/both":
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "<html>")))
            case "/both/.well-known/openid-configuration": return metadata("\(origin)/both")
            case "/.well-known/oauth-authorization-server/page": return Response(status: .forbidden)
            case "/.well-known/oauth-authorization-server/other": return metadata(origin)
            case "/.well-known/oauth-authorization-server/rubbish":
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "{}")))
            default: return Response(status: .notFound)
            }
        }
        return router
    }

    private func keys(_ source: KeySource) async throws(DocumentFetchError) -> JWKSet {
        switch source.kind {
        case .fixed(let set): set.value
        case .remote(let set): try await set.current().value
        }
    }

    @Test("RFC 8414 sections 3.1 and 3.3: metadata is found at both URLs, and that of another issuer is rejected")
    func findsTheKeysThroughTheMetadata() async throws {
        try await LoopbackServer.serve(router()) { origin in
            for path in ["", "/path", "/slash/", "/oidc", "/both"] {
                let keys = try await keys(.discovery(from: Issuer(origin + path)))
                #expect(keys.keys.map(\.keyID) == ["k1"])
            }
            for (path, code) in [
                ("/other", .otherIssuer), ("/slash", .otherIssuer), ("/rubbish", .malformed), ("/page", .status(403)),
                ("/none", .status(404)),
            ] as [(String, DocumentFetchError.Code)] {
                await #expect(throws: DocumentFetchError(code), "\(path)") {
                    try await keys(.discovery(from: Issuer(origin + path)))
                }
            }
            #expect(try await keys(.url("\(origin)/keys")).keys.count == 1)
        }
        #expect(throws: DocumentFetchError.self) { try KeySource.url("http://example.com/keys") }
    }

    @Test("A file is read again if it lacks the key of a token")
    func reloadsAFile() async throws {
        let folder = try TemporaryFolder()
        let other = try PrivateKey.generate(on: .p256)
        let first = JWKSet([JWK(try other.publicKey, keyID: "k0", algorithm: .es256)])
        try folder.write(String(decoding: first.json(), as: UTF8.self), to: "jwks.json")
        let source = KeySource.file(folder.path("jwks.json"), caching: DocumentCaching(coolDown: .zero))
        let verifier = try TokenMint.verifier(source)
        await #expect(throws: AccessTokenVerificationError.self) { try await verifier.verify(mint.token()) }
        try folder.write(String(decoding: mint.keys.json(), as: UTF8.self), to: "jwks.json")
        _ = try await verifier.verify(mint.token())
        try folder.write("half a", to: "jwks.json")
        _ = try await verifier.verify(mint.token())
        let missing = try TokenMint.verifier(.file(folder.path("nothing.json")))
        let error = await #expect(throws: AccessTokenVerificationError.self) { try await missing.verify(mint.token()) }
        #expect(error?.description.contains("the file cannot be read") == true)
    }

    @Test("A token is verified without waiting only if the keys are cached")
    func verifiesUsingCachedKeys() async throws {
        try await LoopbackServer.serve(router()) { origin in
            let verifier = try TokenMint.verifier(.url("\(origin)/keys"))
            #expect(try verifier.verifyUsingCachedKeys(mint.token()) == nil)
            _ = try await verifier.verify(mint.token())
            #expect(try verifier.verifyUsingCachedKeys(mint.token()) != nil)
            let unknown = try mint.token(header: #"{"alg":"RS256","typ":"at+jwt","kid":"k2"}"#)
            #expect(try verifier.verifyUsingCachedKeys(unknown) == nil)
            #expect(throws: AccessTokenVerificationError.self) { try verifier.verifyUsingCachedKeys("a.b.c") }
        }
    }

    @Test("A thousand concurrent tokens with unknown keys cost one reload of the set")
    func reloadsOnceForManyUnknownKeys() async throws {
        let requests = Mutex<[String]>([])
        try await LoopbackServer.serve(router(note: { path in requests.withLock { $0.append(path) } })) { origin in
            let verifier = try TokenMint.verifier(
                .url("\(origin)/keys", caching: DocumentCaching(coolDown: .seconds(3600))))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1000 {
                    let token = TokenMint.token(
                        header: #"{"alg":"RS256","typ":"at+jwt","kid":"\#(number)"}"#, signature: [1])
                    group.addTask {
                        let error = await #expect(throws: AccessTokenVerificationError.self) {
                            try await verifier.verify(token)
                        }
                        #expect(error?.description == "the token is refused: no key of the issuer fits its kid and alg")
                    }
                }
                try await group.waitForAll()
            }
            _ = try await verifier.verify(mint.token())
        }
        #expect(requests.withLock { $0 } == ["/keys", "/keys"])
    }

    @Test("A path that is no regular file is refused, and not waited for", .timeLimit(.minutes(1)))
    func onlyRegularFiles() async throws {
        let folder = try TemporaryFolder()
        #expect(unsafe mkfifo(folder.path("pipe"), 0o600) == 0)
        for path in [folder.path("pipe"), folder.path(""), "/dev/zero"] {
            let error = await #expect(throws: DocumentFetchError(.unreadableFile)) { try await keys(.file(path)) }
            #expect(error?.description == "the file cannot be read: it is not a regular file", "\(path)")
        }
    }

    @Test("A file that is larger than a set may be is refused")
    func largeFile() async throws {
        let folder = try TemporaryFolder()
        let set = String(decoding: try mint.keys.json(), as: UTF8.self)
        for (length, isAccepted) in [(DocumentDownload.maximumSize, true), (DocumentDownload.maximumSize + 1, false)] {
            let padding = String(repeating: " ", count: length - set.utf8.count)
            try folder.write(set + padding, to: "jwks.json")
            let source = KeySource.file(folder.path("jwks.json"))
            if isAccepted {
                #expect(try await keys(source).keys.count == 1)
            } else {
                await #expect(throws: DocumentFetchError(.tooLarge)) { try await keys(source) }
            }
        }
    }
}
