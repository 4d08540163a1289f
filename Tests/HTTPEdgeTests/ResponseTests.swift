import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPEdge

@Suite("Responses as octets")
struct ResponseTests {
    private func octets(_ response: Response, isHead: Bool = false, isLast: Bool = false) -> String {
        let exchange = HTTP1State.Exchange(isHead: isHead, isLast: isLast, isWhole: true, isWaiting: false)
        return ResponseEncoder.encode(response, exchange, date: "now").map { String(buffer: $0) }.joined()
    }

    @Test("RFC 9112 section 4: the status line, the fields, the length and the content")
    func plain() {
        let response = Response(.ok, fields: ["ETag": "\"a\""], content: ByteBuffer(string: "text"))
        #expect(octets(response) == "HTTP/1.1 200 OK\r\nDate: now\r\nETag: \"a\"\r\nContent-Length: 4\r\n\r\ntext")
        #expect(octets(response, isLast: true).contains("\r\nConnection: close\r\n"))
    }

    @Test("RFC 9110 section 9.3.2: a response to HEAD has the length of the content, and no content")
    func head() {
        let response = Response(.ok, content: ByteBuffer(string: "text"))
        #expect(octets(response, isHead: true) == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\n")
    }

    @Test("RFC 9110 section 8.6: a response without content has no length if its status says so")
    func withoutLength() {
        #expect(octets(Response(.notModified)) == "HTTP/1.1 304 Not Modified\r\nDate: now\r\n\r\n")
        #expect(octets(Response(.noContent)) == "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n")
        #expect(octets(Response(.notFound)).contains("Content-Length: 0"))
    }

    @Test("Long content is written without a copy")
    func longContent() {
        let exchange = HTTP1State.Exchange(isHead: false, isLast: false, isWhole: true, isWaiting: false)
        let response = Response(.ok, content: ByteBuffer(repeating: 65, count: 10_000))
        let parts = ResponseEncoder.encode(response, exchange, date: "now")
        #expect(parts.count == 2)
        #expect(parts.last == response.content)
    }

    @Test(
        "RFC 9110 section 5.6.7: a date is an IMF-fixdate",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_164_799, "Wed, 28 Feb 2024 23:59:59 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ] as [(Int64, String)])
    func dates(seconds: Int64, text: String) {
        var date = ResponseDate { seconds }
        let result1 = date.current()
        #expect(result1 == text)
    }
}
