import AccessToken
import AsyncHTTPClient
import Libcrypto
import NIOHTTP1
import WireText

/// A POST to an endpoint of the issuer, RFC 6749 section 3.2, before it is sent. A method of client authentication adds to
/// its header fields and to its form.
struct FormRequest: Sendable {
    let url: RemoteURL
    var headers: HTTPHeaders = ["accept": "application/json", "content-type": "application/x-www-form-urlencoded"]
    private var body: [UInt8] = []

    init(to url: RemoteURL, _ form: [(name: String, value: String)]) {
        self.url = url
        for (name, value) in form { add(name, value) }
    }

    mutating func add(_ name: String, _ value: String) {
        let octets = value.utf8
        add(name, octets.span)
    }

    mutating func add(_ name: String, _ value: SecretBytes) {
        value.withBytes { add(name, $0) }
    }

    private mutating func add(_ name: String, _ value: Span<UInt8>) {
        if !body.isEmpty { body.append(UInt8(ascii: "&")) }
        let octets = name.utf8
        FormEncoding.append(octets.span, to: &body)
        body.append(UInt8(ascii: "="))
        FormEncoding.append(value, to: &body)
    }

    /// As the HTTP client takes it.
    var request: HTTPClientRequest {
        var request = HTTPClientRequest(url: url.description)
        request.method = .POST
        request.headers = headers
        request.body = .bytes(body)
        return request
    }
}

/// application/x-www-form-urlencoded, RFC 6749 appendix B.
enum FormEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func append(_ octets: Span<UInt8>, to text: inout [UInt8]) {
        for index in octets.indices {
            let octet = octets[index]
            if ASCII.isLetter(octet) || ASCII.isDigit(octet) || "-._".utf8.contains(octet) {
                text.append(octet)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(digits[Int(octet >> 4)])
                text.append(digits[Int(octet & 15)])
            }
        }
    }
}
