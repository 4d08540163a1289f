import HTTPEdge
import NIOCore
import NIOHTTP1
import OAuth
import WireText

extension EndpointRequest {
    /// - Parameters:
    ///   - url: the public URL of the endpoint.
    ///   - origin: the address that the request came from.
    ///   - certificate: of the client; `nil` if it presented none.
    init(
        receiving request: Request, at url: String, from origin: IPAddress?, certificate: PresentedCertificate? = nil
    ) throws(TokenRefusal) {
        guard case .whole(let content) = request.content else { throw TokenRefusal(.bodyTooLarge) }
        self.init(
            method: request.method.rawValue, url: url, query: request.target.query.map { Array($0.utf8) },
            fields: Fields(
                contentType: request.fields.first(name: "Content-Type"), authorization: request.fields["Authorization"],
                accept: request.fields["Accept"], dpop: request.fields["DPoP"]),
            body: Array(content.readableBytesView),
            certificate: certificate, origin: origin)
    }
}

extension RequestTarget {
    /// The octets after the first `?`; `nil` if there is none.
    var query: String? { if case .path(_, let query) = self { query } else { nil } }
}
