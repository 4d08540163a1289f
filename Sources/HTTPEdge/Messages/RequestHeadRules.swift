import NIOHTTP1
import WireText

/// Rules for the head of a request that the parsers leave to others. Two implementations could frame a message
/// differently if one of them did not hold (request smuggling, RFC 9112 section 11.2).
enum RequestHeadRules {
    static func isWellFramed(_ head: HTTPRequestHead) -> Bool {
        hasOneHost(head) && hasKnownCoding(head)
    }

    /// RFC 9112 section 3.2: exactly one `Host` with a valid value. HTTP/1.0 may omit it.
    private static func hasOneHost(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["Host"]
        guard let host = hosts.first else { return head.version == .http1_0 }
        return hosts.count == 1 && HostField.isValid(Octets(host).trimmed)
    }

    /// RFC 9112 section 6.1: `chunked` is the only supported transfer coding, and HTTP/1.0 has none.
    private static func hasKnownCoding(_ head: HTTPRequestHead) -> Bool {
        let codings = head.headers["Transfer-Encoding"]
        guard let coding = codings.first else { return true }
        return codings.count == 1 && Octets(coding).trimmed.isSameIgnoringCase(as: "chunked")
            && head.version != .http1_0
    }

    /// RFC 9110 section 9.1: a method is a token. The parser of HTTP/2 accepts any text.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(ASCII.isTokenOctet)
    }

    /// The length that the head announces, RFC 9110 section 8.6; `nil` if it announces none. A length above `Int.max`
    /// counts as `Int.max`.
    ///
    /// - Returns: `.failure` if a value has anything but digits. The parser of HTTP/2 also accepts `+5`.
    static func contentLength(_ fields: HTTPHeaders) -> Result<Int?, InvalidContentLength> {
        guard let value = fields.first(name: "Content-Length") else { return .success(nil) }
        let length = Octets(value).trimmed
        guard !length.isEmpty, length.allSatisfy(ASCII.isDigit) else { return .failure(InvalidContentLength()) }
        return .success(length.decimal ?? .max)
    }

    struct InvalidContentLength: Error {}

    /// Whether the client asks for another protocol, and the parser therefore reads no further.
    static func endsParsing(_ head: HTTPRequestHead) -> Bool {
        head.method == .CONNECT
            || head.headers.contains(name: "Upgrade") && lists("upgrade", in: head.headers["Connection"])
    }

    /// RFC 9112 section 9.3: whether the connection ends after this request. HTTP/1.0 connections always do, and so do
    /// those with `Proxy-Connection`, which the parser takes for `Connection`.
    static func isLast(_ head: HTTPRequestHead) -> Bool {
        guard head.version != .http1_0, !head.headers.contains(name: "Proxy-Connection") else { return true }
        let connection = head.headers["Connection"]
        return !connection.isEmpty && lists("close", in: connection) || endsParsing(head)
    }

    /// RFC 9110 section 10.1.1: whether the client waits for 100 (Continue). HTTP/1.0 has no interim responses.
    static func expectsContinue(_ head: HTTPRequestHead) -> Bool {
        head.version != .http1_0 && expectsContinue(head.headers)
    }

    static func expectsContinue(_ fields: HTTPHeaders) -> Bool {
        guard let expect = fields.first(name: "Expect") else { return false }
        return Octets(expect).trimmed.isSameIgnoringCase(as: "100-continue")
    }

    /// Whether a list (RFC 9110 section 5.6.1) has this element, in either case.
    private static func lists(_ element: String, in values: [String]) -> Bool {
        values.contains { value in
            Octets(value).parts(between: ",").contains { $0.trimmed.isSameIgnoringCase(as: element) }
        }
    }
}

/// `Host`, RFC 9110 section 7.2: uri-host [ ":" port ].
enum HostField {
    /// Whether the value has this syntax. An empty host is valid: it stands for a target without an authority.
    static func isValid(_ text: Octets) -> Bool {
        guard text.first == UInt8(ascii: "[") else {
            let (host, port) = text.split(at: ":")
            return host.allSatisfy(isRegName) && isPort(port)
        }
        let (address, rest) = text.dropFirst().split(at: "]")
        guard let rest, !address.isEmpty, address.allSatisfy(isAddressLiteral) else { return false }
        return rest.isEmpty || rest.first == UInt8(ascii: ":") && isPort(rest.dropFirst())
    }

    /// RFC 3986 section 3.2.3: digits, or nothing.
    private static func isPort(_ text: Octets?) -> Bool { text?.allSatisfy(ASCII.isDigit) ?? true }

    /// RFC 3986 section 3.2.2: unreserved / pct-encoded / sub-delims. (The two digits after `%` are not checked: they
    /// make no difference here.)
    private static func isRegName(_ character: UInt8) -> Bool {
        ASCII.isLetter(character) || ASCII.isDigit(character) || "-._~!$&'()*+,;=%".utf8.contains(character)
    }

    private static func isAddressLiteral(_ character: UInt8) -> Bool {
        isRegName(character) || character == UInt8(ascii: ":")
    }
}
