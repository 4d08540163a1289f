import HTTPTypes
import Hummingbird
import JOSE
import NIOCore
import OAuth
import WireText

extension EndpointRequest {
    /// Reads the body, and never more than the size limit.
    ///
    /// - Parameters:
    ///   - url: the public URL of the endpoint.
    ///   - origin: the address that the request came from.
    init(receiving request: Request, at url: String, from origin: IPAddress?) async throws(TokenRefusal) {
        let limit = Self.maximumBodySize
        if let length = request.headers[.contentLength] {
            // RFC 9110 section 8.6: digits only. The HTTP/2 parser also accepts `+5`.
            guard !length.isEmpty, length.utf8.allSatisfy(ASCII.isDigit) else {
                throw TokenRefusal(.unreadableForm)
            }
            guard let length = Int(length), length <= limit else { throw TokenRefusal(.bodyTooLarge) }
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw TokenRefusal(.bodyTooLarge)
        } catch {
            // The connection is broken, so the client does not read the answer.
            throw TokenRefusal(.unreadableForm)
        }
        self.init(
            method: request.method.rawValue, url: url, query: request.uri.query.map { Array($0.utf8) },
            fields: Fields(
                contentType: request.headers[.contentType], authorization: request.headers[values: .authorization],
                accept: request.headers[values: .accept]),
            body: Array(body.readableBytesView), origin: origin)
    }
}
