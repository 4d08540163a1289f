import HTTPEdge
import NIOCore
import NIOHTTP1
import OAuth

extension Response {
    /// The answer of the authorization endpoint, which is there for clients that need its URL in the metadata.
    ///
    /// RFC 6749 section 4.1.2.1: a redirect needs a registered redirection URI, and no client has one. So the answer is
    /// for the person whose browser comes here, or for a program. It depends on `Accept` alone.
    static func authorizationRefusal(of request: Request) -> Response {
        guard [.GET, .HEAD, .POST].contains(request.method) else { return methodNotAllowed(allow: "GET, HEAD, POST") }
        let isForPerson = EndpointRequest.prefersHTML(accept: request.fields["Accept"])
        return isForPerson ? authorizationRefusalForPerson : authorizationRefusalForProgram
    }

    private static let authorizationRefusalForProgram = {
        var response = refusal(TokenRefusal(.unsupportedResponseType))
        response.fields.add(name: "Vary", value: "Accept")
        return response
    }()

    private static let authorizationRefusalForPerson = Response(
        .badRequest,
        fields: [
            "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Pragma": "no-cache",
            "Vary": "Accept", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            // The URL may have a state, which is for the application alone.
            "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
        ],
        content: ByteBuffer(
            string: """
                <!DOCTYPE html>
                <html lang="en">
                <meta charset="utf-8">
                <title>No login here</title>
                <h1>No login here</h1>
                <p>This service gives access tokens to programs, which prove who they are. People cannot log in here.</p>
                <p>The application that sent you here uses a grant that this service does not have
                (<code>unsupported_response_type</code>). It needs the client credentials grant.</p>
                </html>
                """))
}
