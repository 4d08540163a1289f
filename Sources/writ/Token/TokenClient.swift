import AccessToken
import AsyncHTTPClient
import Foundation
import JOSE
import NIOCore
import NIOHTTP1
import OAuth
import RemoteKeys
import ServiceFiles
import WireText

/// A client of a token endpoint (RFC 6749 section 4.4), which it finds in the issuer's metadata (RFC 8414).
struct TokenClient {
    /// How the client authenticates.
    enum Proof {
        case secret(String)
        case key(ClientAssertionSigner)
    }

    let issuer: Issuer
    let http: OutgoingHTTP

    /// - Returns: the members of the JSON in the answer.
    func requestToken(
        clientID: ClientID, proof: Proof, scope: String?, resources: [String]
    ) async throws -> JSONObject {
        var form = [("grant_type", "client_credentials")]
        if let scope { form.append(("scope", scope)) }
        form += resources.map { ("resource", $0) }
        var request = HTTPClientRequest(url: try await tokenEndpoint().description)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        switch proof {
        case .secret(let secret):
            // RFC 6749 section 2.3.1: identifier and secret are form-encoded first.
            let credentials = "\(Self.encode(clientID.description)):\(Self.encode(secret))"
            request.headers.add(name: "authorization", value: "Basic \(Data(credentials.utf8).base64EncodedString())")
        case .key(let signer):
            // RFC 7523 section 2.2
            form.append(("client_assertion_type", ClientAssertionSigner.assertionType))
            let assertion = try signer.assertion(for: clientID, audience: issuer.description, now: .now)
            form.append(("client_assertion", assertion))
        }
        request.body = .bytes(ByteBuffer(string: form.map { "\($0)=\(Self.encode($1))" }.joined(separator: "&")))
        let (status, answer) = try await send(request)
        guard status == .ok else {
            let error = answer["error"]?.string ?? "no error code"
            let description = answer["error_description"]?.string ?? "status \(status.code)"
            throw Failure("the server refused: \(error) (\(description))")
        }
        return answer
    }

    /// RFC 8414 section 3: the well-known path comes before the path of the issuer.
    private func tokenEndpoint() async throws -> RemoteURL {
        let url = "\(issuer.origin)/.well-known/oauth-authorization-server\(issuer.path)"
        let (status, metadata) = try await send(HTTPClientRequest(url: url))
        guard status == .ok, let endpoint = metadata["token_endpoint"]?.string else {
            throw Failure("\(url) gives no token_endpoint (status \(status.code))")
        }
        // RFC 8414 section 3.3: metadata of another issuer must not be used.
        guard metadata["issuer"]?.string?.isSameText(as: issuer.description) == true else {
            throw Failure("\(url) is the metadata of an issuer other than --issuer")
        }
        do throws(InvalidValue) { return try RemoteURL(endpoint) } catch {
            throw Failure("the token endpoint \(error)")
        }
    }

    private func send(_ request: HTTPClientRequest) async throws -> (HTTPResponseStatus, JSONObject) {
        do {
            let answer = try await http.send(request, within: .seconds(10))
            return (
                HTTPResponseStatus(statusCode: Int(answer.status)),
                (try? JSONReader.read(answer.body))?.object ?? JSONObject()
            )
        } catch {
            throw Failure("no answer from \(request.url): \(error)", hint: "is the service running?")
        }
    }

    /// application/x-www-form-urlencoded, RFC 6749 appendix B.
    private static func encode(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, octet in
            if ASCII.isLetter(octet) || ASCII.isDigit(octet) || "-._".utf8.contains(octet) {
                encoded.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                encoded += "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }
    }
}
