import AccessToken
import HTTPTypes
import Hummingbird
import Libcrypto
import NIOCore
import OAuth
import Signing

/// `POST /oauth2/token`, RFC 6749 section 3.2.
struct TokenEndpoint: Sendable {
    let snapshots: SnapshotStore
    let signers: SignerPool
    let now: @Sendable () -> NumericDate
    let makeTokenID: @Sendable () throws(LibcryptoError) -> TokenID
    /// Told why an answer is `server_error`; clients are not.
    let reportFailure: @Sendable (any Error) -> Void

    func response(to request: Request) async -> Response {
        do throws(TokenError) {
            return Self.answer(.ok, try await grant(request).json)
        } catch {
            return Self.refusal(error)
        }
    }

    private func grant(_ request: Request) async throws(TokenError) -> TokenResponse {
        let snapshot = snapshots.current
        let tokenRequest = try TokenRequest(parsing: try await Self.received(request))
        let now = now()
        let client = try snapshot.clients.authenticate(tokenRequest, now: now)
        let grant = try client.authorize(tokenRequest, policy: snapshot.policy)
        let id = try tokenID()
        let token = UnsignedAccessToken(
            for: grant, key: snapshot.signingKey(at: now), policy: snapshot.policy, id: id, now: now)
        return TokenResponse(token, signature: try await signature(of: token))
    }

    private func tokenID() throws(TokenError) -> TokenID {
        do throws(LibcryptoError) { return try makeTokenID() } catch {
            reportFailure(error)
            throw .serverError
        }
    }

    private func signature(of token: UnsignedAccessToken) async throws(TokenError) -> [UInt8] {
        do throws(SigningError) { return try await signers.sign(token) } catch {
            switch error {
            case .queueFull: throw .overloaded
            case .failed(let cause):
                reportFailure(cause)
                throw .serverError
            }
        }
    }

    /// Reads the body, never more than is allowed.
    private static func received(_ request: Request) async throws(TokenError) -> TokenEndpointRequest {
        let limit = TokenEndpointRequest.maximumBodySize
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw .bodyTooLarge }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw .bodyTooLarge
        } catch {
            // The connection broke; nobody reads the answer.
            throw .unreadableForm
        }
        return TokenEndpointRequest(
            query: request.uri.query.map { Array($0.utf8) },
            contentType: request.headers[.contentType],
            authorization: request.headers[values: .authorization],
            body: Array(body.readableBytesView)
        )
    }

    private static func refusal(_ error: TokenError) -> Response {
        var response = answer(
            HTTPResponse.Status(code: error.status), ErrorDocument.json(code: error.code, text: error.text))
        // RFC 9110 section 15.5.2: a 401 says how to authenticate.
        if error.status == 401 { response.headers[.wwwAuthenticate] = #"Basic realm="writ", charset="UTF-8""# }
        if let seconds = error.retryAfter { response.headers[.retryAfter] = String(seconds) }
        return response
    }

    private static let headers: HTTPFields = {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        if let pragma = HTTPField.Name("Pragma") { headers[pragma] = "no-cache" }
        return headers
    }()

    /// RFC 6749 section 5.1: tokens and refusals are not to be stored; both fields say so.
    private static func answer(_ status: HTTPResponse.Status, _ json: [UInt8]) -> Response {
        Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}
