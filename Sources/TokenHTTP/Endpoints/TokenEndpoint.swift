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
    let gate: ClientGate
    let trustedProxies: TrustedProxies
    let signers: SignerPool
    let now: @Sendable () -> NumericDate
    let makeTokenID: @Sendable () throws(LibcryptoError) -> TokenID
    /// Told why an answer is `server_error`; clients are not.
    let reportFailure: @Sendable (any Error) -> Void

    /// - Parameter connection: the address of the connection; nil where it has none.
    func response(to request: Request, from connection: IPAddress?) async -> Response {
        do throws(ClientGate.Refusal) {
            let tokenRequest = try await Self.parsed(request)
            // Not before the body is there: a request that comes slowly must not see old clients, or an old time.
            let snapshot = snapshots.current
            let now = now()
            let origin = connection.map { trustedProxies.origin(of: $0, request.headers) }
            let client = try await gate.authenticate(
                tokenRequest, from: origin?.block, in: snapshot.clients, now: now)
            return Self.answer(.ok, try await response(for: client, tokenRequest, snapshot, now: now).json)
        } catch {
            return Self.refusal(error)
        }
    }

    private static func parsed(_ request: Request) async throws(ClientGate.Refusal) -> TokenRequest {
        do throws(TokenError) { return try TokenRequest(parsing: try await received(request)) } catch {
            throw ClientGate.Refusal(error)
        }
    }

    private func response(
        for client: AuthenticatedClient, _ tokenRequest: TokenRequest, _ snapshot: Snapshot, now: NumericDate
    ) async throws(ClientGate.Refusal) -> TokenResponse {
        do throws(TokenError) { return try await grant(client, tokenRequest, snapshot, now: now) } catch {
            throw ClientGate.Refusal(error)
        }
    }

    private func grant(
        _ client: AuthenticatedClient, _ tokenRequest: TokenRequest, _ snapshot: Snapshot, now: NumericDate
    ) async throws(TokenError) -> TokenResponse {
        let grant = try client.authorize(
            tokenRequest, policy: snapshot.policy, sealer: snapshot.sealer, now: now)
        let refreshToken = try refreshToken(of: grant, snapshot, now: now)
        let id = try tokenID()
        let token = UnsignedAccessToken(
            for: grant, key: snapshot.signingKey(at: now), policy: snapshot.policy, id: id, now: now)
        return TokenResponse(token, signature: try await signature(of: token), refreshToken: refreshToken)
    }

    private func refreshToken(
        of grant: AuthorizedGrant, _ snapshot: Snapshot, now: NumericDate
    ) throws(TokenError) -> String? {
        guard let token = grant.refreshToken else { return nil }
        do throws(SealingError) { return try snapshot.sealer.seal(token, now: now) } catch {
            reportFailure(error)
            throw .serverError
        }
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

    private static func refusal(_ refusal: ClientGate.Refusal) -> Response {
        let error = refusal.error
        var response = answer(
            HTTPResponse.Status(code: error.status), ErrorDocument.json(code: error.code, text: error.text))
        // RFC 9110 section 15.5.2: a 401 says how to authenticate.
        if error.status == 401 { response.headers[.wwwAuthenticate] = #"Basic realm="writ", charset="UTF-8""# }
        if let seconds = refusal.retryAfter { response.headers[.retryAfter] = String(seconds) }
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
