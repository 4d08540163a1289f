import Testing

/// The responses of HTTP/1.1 that a client has read. None of the requests is HEAD.
struct ReceivedResponses {
    /// Of each response the status and, after a space, the content; `100` for an interim response.
    private(set) var texts: [String] = []
    /// Whether the last response says that the connection ends.
    private(set) var saysClose = false

    /// - Throws: if the octets are not whole responses.
    init(_ octets: [UInt8]) throws {
        var rest = octets[...]
        while !rest.isEmpty {
            let end = try #require(rest.firstRange(of: Array("\r\n\r\n".utf8)))
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            try #require(lines[0].hasPrefix("HTTP/1.1 "))
            let length = lines.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
            try #require(rest[end.upperBound...].count >= length)
            let content = rest[end.upperBound...].prefix(length)
            let text = lines[0].dropFirst("HTTP/1.1 ".count).prefix(3)
            texts.append(content.isEmpty ? String(text) : "\(text) \(String(decoding: content, as: UTF8.self))")
            saysClose = lines.contains("Connection: close")
            rest = rest[content.endIndex...]
        }
    }
}
