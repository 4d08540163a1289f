public import HTTPTypes
public import Hummingbird
public import TokenVerifier

extension BearerChallenge {
    /// The answer as Hummingbird sends it. The body is empty.
    var response: Response {
        var headers = HTTPFields()
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(status: responseStatus, headers: headers)
    }
}

/// What a request gets if a route throws the error and ``BearerTokenMiddleware`` does not see it. The middleware answers
/// the same, with its realm and the URL of its metadata, and with the scheme of the token. This one has the scheme `Bearer`.
extension InsufficientScope: HTTPResponseError {
    /// 403
    public var status: HTTPResponse.Status { .forbidden }

    /// The challenge of RFC 6750 section 3.1, `insufficient_scope`.
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        BearerChallenge.insufficientScope(required, in: .unnamed).response
    }
}

/// A route that calls ``TokenVerifying/authorize(authorization:requiring:in:logger:)`` itself can return the challenge, or throw
/// it, as `get()` of the result does.
extension BearerChallenge: ResponseGenerator, HTTPResponseError {
    /// The status as Hummingbird has it. It has a name of its own, since ``BearerChallenge/status`` is a number.
    @_implements(HTTPResponseError,status)
    public var responseStatus: HTTPResponse.Status { HTTPResponse.Status(code: status) }

    /// The answer of the challenge, which fits every request.
    public func response(from request: Request, context: some RequestContext) throws -> Response { response }
}
