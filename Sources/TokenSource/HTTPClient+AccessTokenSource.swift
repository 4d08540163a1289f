import AccessToken
public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import WireText

extension HTTPClient {
    /// Executes a request with a token in its field `Authorization` (RFC 6750 section 2.1), and with a DPoP proof if the source
    /// has a DPoP key (RFC 9449 section 7.1). If the answer is 401, the request is sent once more with a new token. If the answer
    /// asks for a DPoP nonce, the request is sent once more with that. So it is sent three times at most.
    ///
    /// A redirect to another host, scheme or port is followed without the token, if the client follows redirects. The proof
    /// goes along: it is for the first URL and of no use without the token, but that host learns the URL and the public key. A
    /// redirect on the same host leads to a refusal with a DPoP key. So use a client that follows none.
    ///
    /// - Parameters:
    ///   - request: its own fields `Authorization` and `DPoP`, if it has them, are replaced.
    ///   - timeout: for all requests together, without the time that the issuer takes.
    ///   - source: gives the token.
    ///   - access: what the token is requested for.
    ///   - bodyCanBeSentAgain: whether the body is the same whenever it is read, as that of `.bytes` is. A request with
    ///     another body is sent once; if it is refused with 401, the next call has a new token or nonce all the same.
    /// - Throws: ``TokenSourceError`` if there is no token, and for a URL that is neither https nor http on a loopback host;
    ///   the errors of the client.
    public func execute(
        _ request: HTTPClientRequest, timeout: Duration = .seconds(60), authorizedBy source: AccessTokenSource,
        for access: RequestedAccess = .byDefault, bodyCanBeSentAgain: Bool = false
    ) async throws -> HTTPClientResponse {
        guard HTTPOrigin(ofRequest: request.url)?.mayGetToken == true else { throw TokenSourceError(.insecureURL) }
        let first = try await source.token(for: access)
        var deadline = NIODeadline.now() + TimeAmount(min(timeout, .seconds(86400 * 365)))
        let canBeSentAgain = request.body == nil || bodyCanBeSentAgain
        var (token, hasOtherNonce) = (first, false)
        while true {
            let (response, nonceIsNew) = try await execute(request, with: token, of: source, deadline: deadline)
            guard response.status == .unauthorized, response.cameWithToken else { return response }
            if response.refuses(with: "use_dpop_nonce") {
                // RFC 9449 section 9: the token is good, and the proof lacks the nonce of the server.
                guard nonceIsNew, canBeSentAgain, !hasOtherNonce else { return response }
                hasOtherNonce = true
                continue
            }
            // Section 7.1: the token is good here, too.
            guard !response.refuses(with: "invalid_dpop_proof"), token.isSame(as: first) else { return response }
            source.invalidate(token)
            guard canBeSentAgain else { return response }
            let asked = NIODeadline.now()
            do throws(TokenSourceError) { token = try await source.token(for: access) } catch {
                guard error.code == .cancelled else { return response }
                throw error
            }
            // If there is no other token, the answer to the first says more than its absence.
            guard !token.isSame(as: first) else { return response }
            deadline = deadline + (NIODeadline.now() - asked)
        }
    }

    /// Sends a request once, and keeps the nonce of the answer.
    private func execute(
        _ request: HTTPClientRequest, with token: IssuedAccessToken, of source: AccessTokenSource, deadline: NIODeadline
    ) async throws -> (response: HTTPClientResponse, nonceIsNew: Bool) {
        var request = request
        let fields = try source.fields(for: token, method: request.method.rawValue, url: request.url)
        for (name, value) in fields { request.headers.replaceOrAdd(name: name, value: value) }
        let response = try await execute(request, deadline: deadline)
        let url = response.history.last?.request.url ?? request.url
        let nonces = response.headers[ProofMaker.nonceFieldName]
        return (response, source.takeNonce(nonces, from: url, answering: fields))
    }
}

extension HTTPClientResponse {
    /// Whether the server that sent this answer got the token. The client takes it off a request that follows a redirect to
    /// another origin.
    fileprivate var cameWithToken: Bool {
        history.last?.request.headers.contains(name: "authorization") ?? true
    }

    /// Whether one of the challenges has this error.
    fileprivate func refuses(with error: String) -> Bool {
        headers["www-authenticate"].contains { Challenges.haveParameter("error", error, in: $0) }
    }
}

/// The field `WWW-Authenticate`, RFC 9110 section 11.6.1.
enum Challenges {
    /// Whether one of the challenges of a field has the parameter with this value.
    static func haveParameter(_ name: String, _ value: String, in field: String) -> Bool {
        var rest: Octets? = Octets(field)
        while let present = rest {
            // A quoted string that does not end ends the field.
            guard let (part, tail) = present.splitOutsideQuotes(at: ",") else { return false }
            rest = tail
            // The first parameter of a challenge has the scheme before it.
            let parameter = part.trimmed.split(at: "=")
            let ownName = parameter.head.trimmed.splitFromRight(at: " ").tail
            if ownName.isSameIgnoringCase(as: name), parameter.tail?.trimmed.unquoted?.isSame(as: value) == true {
                return true
            }
        }
        return false
    }
}
