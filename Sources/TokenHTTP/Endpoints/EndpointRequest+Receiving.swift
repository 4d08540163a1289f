import HTTPTypes
import Hummingbird
import NIOCore
import OAuth

extension EndpointRequest {
    /// Reads the body, never more than is allowed.
    init(receiving request: Request) async throws(TokenError) {
        let limit = Self.maximumBodySize
        if let length = request.headers[.contentLength] {
            // RFC 9110 section 8.6: digits. HTTP/2's parser takes +5 as well.
            guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .unreadableForm }
            guard let length = Int(length), length <= limit else { throw .bodyTooLarge }
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw .bodyTooLarge
        } catch {
            // The connection broke; nobody reads the answer.
            throw .unreadableForm
        }
        self.init(
            query: request.uri.query.map { Array($0.utf8) },
            contentType: request.headers[.contentType],
            authorization: request.headers[values: .authorization],
            body: Array(body.readableBytesView)
        )
    }
}
