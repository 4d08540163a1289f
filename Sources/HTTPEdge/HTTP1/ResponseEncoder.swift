import NIOCore
import NIOHTTP1

/// Writes responses of HTTP/1.1, RFC 9112 section 4.
enum ResponseEncoder {
    /// RFC 9110 section 15.2.1
    static let `continue` = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    /// Content up to this size is copied behind the head, which is cheaper than a second write.
    private static let largestCopy = 4096

    /// - Parameters:
    ///   - date: the value of `Date`.
    ///   - isStream: whether the content goes on, so that its length is not known. It ends with the connection then.
    /// - Returns: the buffers to write, one after the other.
    static func encode(
        _ response: Response, _ exchange: HTTP1State.Exchange, date: String, isStream: Bool = false
    ) -> [ByteBuffer] {
        let length = response.content.readableBytes
        let isCopied = !exchange.isHead && length <= largestCopy
        var buffer = ByteBufferAllocator().buffer(capacity: 512 + (isCopied ? length : 0))
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(response.status.code))
        buffer.writeStaticString(" ")
        buffer.writeString(response.status.reasonPhrase)
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeString(date)
        for (name, value) in response.fields {
            buffer.writeStaticString("\r\n")
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
        }
        if response.status.mayHaveContent, !isStream {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(length))
        }
        if exchange.isLast { buffer.writeStaticString("\r\nConnection: close") }
        buffer.writeStaticString("\r\n\r\n")
        guard !exchange.isHead, length > 0 else { return [buffer] }
        guard isCopied else { return [buffer, response.content] }
        buffer.writeImmutableBuffer(response.content)
        return [buffer]
    }
}

extension HTTPResponseStatus {
    /// RFC 9110 section 8.6: a response with one of these statuses has no `Content-Length`.
    var mayHaveContent: Bool { self != .noContent && self != .notModified }
}
