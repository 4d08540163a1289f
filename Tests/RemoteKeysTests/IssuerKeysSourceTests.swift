import AccessToken
import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto
import LoopbackServer
import Synchronization
import Testing

@testable import RemoteKeys

/// The keys of an issuer whose tokens are verified here.
@Suite struct IssuerKeysSourceTests {
    /// What the server answers by path, and the requests that it got.
    private final class Site: Sendable {
        struct Answer: Sendable {
            var status = HTTPResponse.Status.ok
            var fields: HTTPFields = [:]
            var body = ""
        }

        let answers = Mutex<[String: Answer]>([:])
        let requests = Mutex<[(path: String, authorization: String?)]>([])

        var router: Router<BasicRequestContext> {
            let router = Router()
            router.get("**") { request, _ in
                let path = request.uri.path
                self.requests.withLock { $0.append((path, request.headers[.authorization])) }
                guard let answer = self.answers.withLock({ $0[path] }) else { return Response(status: .notFound) }
                return Response(
                    status: answer.status, headers: answer.fields,
                    body: .init(byteBuffer: ByteBuffer(string: answer.body)))
            }
            return router
        }

        func set(_ path: String, _ answer: Answer) { answers.withLock { $0[path] = answer } }

        func set(_ path: String, _ body: String) { set(path, Answer(body: body)) }

        var paths: [String] { requests.withLock { $0.map(\.path) } }
    }

    private static let configuration = "/.well-known/openid-configuration"
    private let site = Site()

    private static func set(_ use: String = "sig") throws -> String {
        var writer = JSONWriter()
        JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: "k", algorithm: nil).write(to: &writer)
        let members = try JSONReader.read(writer.bytes).object?.members.filter { $0.name != "use" } ?? []
        var set = JSONWriter()
        set.value(
            .object(
                JSONObject([
                    .init("keys", .array([.object(JSONObject(members + [.init("use", .string(use))]))])),
                    .init("spiffe_refresh_hint", .integer(600)),
                ])))
        return String(decoding: set.bytes, as: UTF8.self)
    }

    private func code(
        _ place: IssuerKeysSource.Place, credentials: BearerCredentials? = nil
    ) async -> DocumentFetchError.Code? {
        do throws(DocumentFetchError) {
            _ = try await IssuerKeysSource(place, through: .verifier, credentials: credentials).fetch()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("OpenID Connect Discovery 1.0 section 4.3: the metadata must name the issuer octet for octet")
    func namesTheIssuer() async throws {
        let keys = try Self.set()
        try await LoopbackServer.serve(site.router) { origin in
            let asked = try Issuer(origin)
            site.set("/keys", keys)
            for (issuer, isAccepted) in [
                (origin, true), (origin + "/", false), (origin.replacing("127.0.0.1", with: "localhost"), false),
                ("https://evil.example", false),
            ] {
                site.set(Self.configuration, #"{"issuer":"\#(issuer)","jwks_uri":"\#(origin)/keys"}"#)
                #expect(await code(.discovery(asked)) == (isAccepted ? nil : .otherIssuer))
            }
        }
        // RFC 8414's document is asked for only if OpenID's is not there, or not the issuer's.
        #expect(site.paths.prefix(2) == [Self.configuration, "/keys"])
    }

    /// Swift's `==` treats U+037E and a semicolon as equal.
    @Test("RFC 8414 section 4: the issuer in the metadata is compared code point by code point")
    func comparesCodePoints() async throws {
        let keys = try Self.set()
        try await LoopbackServer.serve(site.router) { origin in
            let asked = try Issuer(origin + "/a;b")
            site.set("/keys", keys)
            for (issuer, isAccepted) in [(origin + "/a;b", true), (origin + "/a\u{37E}b", false)] {
                site.set("/a;b" + Self.configuration, #"{"issuer":"\#(issuer)","jwks_uri":"\#(origin)/keys"}"#)
                #expect(await code(.discovery(asked)) == (isAccepted ? nil : .otherIssuer))
            }
        }
    }

    @Test("RFC 8414 section 3.1: the other document is used if there is no OpenID configuration")
    func authorizationServerMetadata() async throws {
        let keys = try Self.set()
        try await LoopbackServer.serve(site.router) { origin in
            site.set(
                "/.well-known/oauth-authorization-server", #"{"issuer":"\#(origin)","jwks_uri":"\#(origin)/keys"}"#)
            site.set("/keys", keys)
            let issuer = try Issuer(origin)
            #expect(await code(.discovery(issuer)) == nil)
        }
    }

    @Test("Redirects are not followed, and documents that are too large or no documents are refused")
    func hostileDocuments() async throws {
        let keys = try Self.set()
        try await LoopbackServer.serve(site.router) { origin in
            let issuer = try Issuer(origin)
            let good = #"{"issuer":"\#(origin)","jwks_uri":"\#(origin)/keys"}"#
            site.set("/keys", keys)
            site.set("/elsewhere", good)
            site.set(Self.configuration, .init(status: .found, fields: [.location: "\(origin)/elsewhere"]))
            #expect(await code(.discovery(issuer)) == .status(302))
            site.set(Self.configuration, String(repeating: " ", count: 10 << 20) + good)
            #expect(await code(.discovery(issuer)) == .tooLarge)
            for text in ["", "[]", "{}", #"{"issuer":"\#(origin)"}"#] {
                site.set(Self.configuration, text)
                #expect(await code(.discovery(issuer)) == .malformed)
            }
            site.set(Self.configuration, #"{"issuer":"\#(origin)","jwks_uri":"http://192.0.2.1/keys"}"#)
            #expect(await code(.discovery(issuer)) == .insecureURL)
            site.set(Self.configuration, good)
            site.set("/keys", .init(status: .found, fields: [.location: "\(origin)/elsewhere"]))
            #expect(await code(.discovery(issuer)) == .status(302))
            site.set("/keys", #"{"keys":[]}"#)
            #expect(await code(.discovery(issuer)) == .empty)
            #expect(await code(.keySet(url: origin + "/keys")) == .empty)
        }
        #expect(!site.paths.contains("/elsewhere"))
    }

    @Test(
        "SPIFFE Trust Domain and Bundle section 4: only keys for JWT-SVIDs count, and the bundle says how long it is fresh"
    )
    func bundles() async throws {
        let (good, other) = (try Self.set("jwt-svid"), try Self.set("x509-svid"))
        try await LoopbackServer.serve(site.router) { origin in
            let source = IssuerKeysSource(.bundle(url: origin + "/bundle"), through: .verifier)
            site.set("/bundle", .init(fields: [.cacheControl: "max-age=5"], body: good))
            let fetched = try await source.fetch()
            #expect(fetched.value.keys.map(\.keyID) == ["k"])
            #expect(fetched.maximumAge == .seconds(600))
            site.set("/bundle", other)
            #expect(await code(.bundle(url: origin + "/bundle")) == .empty)
            site.set("/bundle", #"{"spiffe_sequence":1}"#)
            #expect(await code(.bundle(url: origin + "/bundle")) == .malformed)
        }
    }

    @Test("RFC 6750 section 5.3: a bearer token is sent to its own origin alone, and read anew for each request")
    func bearerTokens() async throws {
        let keys = try Self.set()
        let number = Mutex(0)
        try await LoopbackServer.serve(site.router) { origin in
            // The same server under another name is another origin.
            let other = origin.replacing("127.0.0.1", with: "localhost")
            let credentials = try BearerCredentials(forOriginOf: origin) {
                number.withLock { count in
                    count += 1
                    return "token-\(count)"
                }
            }
            site.set(Self.configuration, #"{"issuer":"\#(origin)","jwks_uri":"\#(other)/keys"}"#)
            site.set("/keys", keys)
            let issuer = try Issuer(origin)
            #expect(await code(.discovery(issuer), credentials: credentials) == nil)
            #expect(await code(.keySet(url: origin + "/keys"), credentials: credentials) == nil)
            #expect(await code(.keySet(url: other + "/keys"), credentials: credentials) == nil)
        }
        let seen = site.requests.withLock { $0.map(\.authorization) }
        #expect(seen == ["Bearer token-1", nil, "Bearer token-2", nil])
    }

    @Test(
        "A bearer token that cannot be read, or that no field may have, fails the fetch",
        arguments: ["", "a b", "a\r\nb", "é"])
    func unusableBearerTokens(token: String) async throws {
        try await LoopbackServer.serve(site.router) { origin in
            let credentials = try BearerCredentials(forOriginOf: origin) { token }
            #expect(await code(.keySet(url: origin + "/keys"), credentials: credentials) == .unreadableFile)
        }
        #expect(site.paths.isEmpty)
    }
}
