import AccessToken
import HTTPTypes
import Hummingbird
import JOSE
import LoopbackServer
import RemoteKeys
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// Servers of metadata and keys that answer wrongly, over real sockets.
@Suite struct HostileMetadataTests {
    /// The answer at the first of the two places of an issuer's metadata.
    enum FirstPlace: String, CaseIterable {
        case missing, unauthorized, forbidden, methodNotAllowed, error, redirect, page, empty, list, otherIssuer,
            noKeys,
            tooLarge, insecureKeys
    }

    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    private func response(_ text: String) -> Response {
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private func answer(_ place: FirstPlace, _ origin: String) -> Response {
        switch place {
        case .missing: Response(status: .notFound)
        case .unauthorized: Response(status: .unauthorized, headers: [.wwwAuthenticate: "Basic"])
        case .forbidden: Response(status: .forbidden)
        case .methodNotAllowed: Response(status: .methodNotAllowed)
        case .error: Response(status: .internalServerError)
        case .redirect: Response(status: .found, headers: [.location: "\(origin)/evil"])
        case .page: response("<!DOCTYPE html><html>Not found</html>")
        case .empty: response("")
        case .list: response("[]")
        case .otherIssuer: response(#"{"issuer":"https://evil.example","jwks_uri":"\#(origin)/evil"}"#)
        case .noKeys: response(#"{"issuer":"\#(origin)/\#(place.rawValue)"}"#)
        case .tooLarge: response(String(repeating: " ", count: 10 << 20))
        case .insecureKeys:
            response(#"{"issuer":"\#(origin)/\#(place.rawValue)","jwks_uri":"http://keys.example.com/"}"#)
        }
    }

    /// An issuer for each answer, with its path. The second place has the metadata.
    private func router(hasSecondPlace: Bool) -> Router<BasicRequestContext> {
        let router = Router()
        let keys = String(decoding: issuer.keys.json(), as: UTF8.self)
        router.get("**") { request, _ in
            let origin = "http://\(request.head.authority ?? "")"
            let parts = request.uri.path.split(separator: "/").map(String.init)
            let place = FirstPlace.allCases.first { parts.contains($0.rawValue) }
            if parts == ["keys"] { return response(keys) }
            guard let place else { return response(#"{"keys":[]}"#) }
            if parts.first == ".well-known" { return answer(place, origin) }
            guard hasSecondPlace else { return Response(status: .notFound) }
            return response(#"{"issuer":"\#(origin)/\#(place.rawValue)","jwks_uri":"\#(origin)/keys"}"#)
        }
        return router
    }

    private func keys(of origin: String, _ place: FirstPlace) async throws(DocumentFetchError) -> JWKSet? {
        guard let issuer = try? Issuer("\(origin)/\(place.rawValue)"),
            case .remote(let document) = KeySource.discovery(from: issuer, logger: .silent).kind
        else { return nil }
        return try await document.current().value
    }

    @Test("RFC 8414 section 3.3: what is not this issuer's document at the first place is not used, and the second is")
    func secondPlace() async throws {
        try await LoopbackServer.serve(router(hasSecondPlace: true)) { origin in
            for place in FirstPlace.allCases {
                let found = try await keys(of: origin, place)
                #expect(found == issuer.keys, "\(place)")
            }
        }
    }

    @Test("If neither place has the issuer's document, the keys are missing and the reason says what was found")
    func noPlace() async throws {
        let codes: [FirstPlace: DocumentFetchError.Code] = [
            .missing: .status(404), .unauthorized: .status(401), .forbidden: .status(403),
            .methodNotAllowed: .status(405), .error: .status(500), .redirect: .status(302), .page: .malformed,
            .empty: .malformed, .list: .malformed, .otherIssuer: .otherIssuer, .noKeys: .malformed,
            .tooLarge: .tooLarge, .insecureKeys: .insecureURL,
        ]
        try await LoopbackServer.serve(router(hasSecondPlace: false)) { origin in
            for place in FirstPlace.allCases {
                let code = try #require(codes[place])
                await #expect(throws: DocumentFetchError(code), "\(place)") { try await keys(of: origin, place) }
            }
        }
    }

    @Test("A server that never answers takes the time limit once, not once for each place")
    func slow() async throws {
        let router = Router()
        router.get("**") { request, _ in
            try await Task.sleep(for: .seconds(3600))
            return Response(status: .ok)
        }
        try await LoopbackServer.serve(router) { origin in
            let settings = FetchSettings(timeLimit: .milliseconds(100))
            let source = KeySource.discovery(from: try Issuer(origin), settings: settings, logger: .silent)
            await #expect(throws: DocumentFetchError(.unreachable)) { try await source.warmUp() }
            #expect(!source.hasKeys)
        }
    }

    @Test("Header fields of the program are sent with each fetch, and with a proxy of its own https goes there")
    func settings() async throws {
        let router = Router()
        let keys = String(decoding: issuer.keys.json(), as: UTF8.self)
        router.get("**") { request, _ in
            guard request.headers[.authorization] == "Bearer \(request.uri.path)" else {
                return Response(status: .unauthorized)
            }
            let origin = "http://\(request.head.authority ?? "")"
            return response(
                request.uri.path == "/keys" ? keys : #"{"issuer":"\#(origin)","jwks_uri":"\#(origin)/keys"}"#)
        }
        try await LoopbackServer.serve(router) { origin in
            let settings = FetchSettings(headers: { url in
                [("Authorization", "Bearer \(url.dropFirst(origin.utf8.count))")]
            })
            let source = KeySource.discovery(from: try Issuer(origin), settings: settings, logger: .silent)
            try await source.warmUp()
            #expect(source.hasKeys)
            struct NoCredentials: Error {}
            let failing = try KeySource.url(
                "\(origin)/keys", settings: FetchSettings(headers: { _ in throw NoCredentials() }), logger: .silent)
            await #expect(throws: DocumentFetchError(.unreachable)) { try await failing.warmUp() }
            let proxied = try KeySource.url(
                "https://issuer.example.com/keys", settings: FetchSettings(proxy: "http://127.0.0.1:1"), logger: .silent
            )
            let refused = await #expect(throws: DocumentFetchError.self) { try await proxied.warmUp() }
            #expect(refused?.description == "no answer (the connection was refused)")
        }
    }

    @Test("A file of certificate authorities that cannot be read is the reason of the failure")
    func authorities() async throws {
        let source = try KeySource.url(
            "https://127.0.0.1:1/", settings: FetchSettings(certificateAuthoritiesFile: "/nonexistent/ca.pem"),
            logger: .silent)
        let error = await #expect(throws: DocumentFetchError.self) { try await source.warmUp() }
        #expect(error?.description == "no answer (/nonexistent/ca.pem cannot be read)")
    }
}
