import AsyncHTTPClient
import JOSE
import NIOCore
import NIOHTTP1
import RemoteKeys

/// Sends requests to servers of Vault or OpenBao, and reads their answers. Redirects are not followed.
struct VaultServer: Sendable {
    let http: OutgoingHTTP
    let authorities: CertificateAuthorities?
    /// `X-Vault-Namespace`; `nil` for the root namespace.
    let namespace: String?

    /// Sends a request, on a connection that is kept for the next one.
    ///
    /// - Parameters:
    ///   - token: `nil` for a login.
    ///   - secret: what else is sent, and must not be in an error.
    ///   - limit: the time for the request; as much again if it is sent once more on a new connection.
    /// - Returns: the answer; an empty object for one without content.
    func send(
        _ request: VaultRequest, to origin: String, with token: VaultToken?, hiding secret: VaultToken? = nil,
        within limit: Duration
    ) async throws(VaultFault) -> JSONObject {
        let answer: HTTPAnswer
        do throws(ConnectionFailure) { answer = try await exchange(request, origin, token, limit) } catch {
            throw VaultFault(error, origin)
        }
        switch answer.status {
        case 200:
            let value: JSONValue
            do throws(JSONError) { value = try JSONReader.read(answer.body) } catch {
                throw .malformed("its answer is no JSON: \(error)", origin)
            }
            guard let object = value.object else { throw .malformed("its answer is no JSON object", origin) }
            return object
        case 204: return JSONObject()
        default:
            let secrets = [token, secret].compactMap { $0 }
            let refusal = VaultRefusal(status: answer.status, body: answer.body, hiding: secrets)
            throw VaultFault(refusal, to: request, origin)
        }
    }

    private func exchange(
        _ request: VaultRequest, _ origin: String, _ token: VaultToken?, _ limit: Duration
    ) async throws(ConnectionFailure) -> HTTPAnswer {
        var message = HTTPClientRequest(url: "\(origin)/v1/\(request.path)")
        message.method = request.method
        message.headers.add(name: "Accept", value: "application/json")
        // Agents and proxies refuse requests without it, against forged requests from the inside.
        message.headers.add(name: "X-Vault-Request", value: "true")
        if let namespace { message.headers.add(name: "X-Vault-Namespace", value: namespace) }
        if let token { message.headers.add(name: "X-Vault-Token", value: token.text) }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(ByteBuffer(bytes: body))
        }
        do throws(ConnectionFailure) { return try await sendOnce(message, limit) } catch {
            // The server may have closed a kept connection just when the request was sent.
            guard error.code == .closed, request.isIdempotent else { throw error }
            return try await sendOnce(message, limit)
        }
    }

    private func sendOnce(_ message: HTTPClientRequest, _ limit: Duration) async throws(ConnectionFailure) -> HTTPAnswer
    {
        try await http.send(message, within: limit, trusting: authorities, keepsConnection: true)
    }
}
