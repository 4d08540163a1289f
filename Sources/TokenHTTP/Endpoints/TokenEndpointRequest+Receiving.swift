import HTTPTypes
import Hummingbird
import NIOCore
import OAuth

extension TokenEndpointRequest {
    /// Reads the body, never more than is allowed.
    init(receiving request: Request) async throws(TokenError) {
        let limit = Self.maximumBodySize
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
        self.init(
            query: request.uri.query.map { Array($0.utf8) },
            contentType: request.headers[.contentType],
            authorization: request.headers[values: .authorization],
            body: Array(body.readableBytesView)
        )
    }
}
