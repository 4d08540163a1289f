import JOSE
import WireText

/// An HTTP form: the parameters of a request, RFC 6749 section 3.2.
struct FormParameters {
    private var single: [String: String] = [:]
    /// The values of `resource` and of its alias `audience`, the only parameters that may be repeated (RFC 8707 section
    /// 2).
    private(set) var resources: [String] = []

    init(parsing form: [UInt8]) throws(TokenRefusal) {
        let form = form.span
        var names: Set<String> = []
        var start = 0
        while start < form.count {
            var end = start
            var equals: Int?
            while end < form.count, form[end] != UInt8(ascii: "&") {
                if equals == nil, form[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            let nameEnd = equals ?? end
            guard let name = FormDecoding.decode(form.extracting(start..<nameEnd)),
                let value = FormDecoding.decode(form.extracting(min(nameEnd + 1, end)..<end))
            else { throw TokenRefusal(.unreadableForm) }
            start = end + 1
            if name.isEmpty && value.isEmpty { continue }
            if name == "resource" || name == "audience" {
                if !value.isEmpty { resources.append(value) }
                continue
            }
            // RFC 6749 section 3.2: parameters must not be included more than once.
            guard names.insert(name).inserted else { throw TokenRefusal(.repeatedParameter) }
            // RFC 6749 section 3.2: a parameter without a value is treated as if it were absent.
            if !value.isEmpty { single[name] = value }
        }
    }

    subscript(name: String) -> String? { single[name] }
}

extension FormParameters {
    /// - Throws: a refusal of the URL, the media type, the size of the body, or the form.
    init(of request: EndpointRequest) throws(TokenRefusal) {
        try Self.checkURL(request.query)
        guard Self.isForm(request.fields.contentType) else { throw TokenRefusal(.wrongMediaType) }
        guard request.body.count <= EndpointRequest.maximumBodySize else { throw TokenRefusal(.bodyTooLarge) }
        try self.init(parsing: request.body)
    }

    /// RFC 6749 section 2.3.1: credentials must not be in the request URI, which logs and proxies store.
    private static func checkURL(_ query: [UInt8]?) throws(TokenRefusal) {
        guard let query else { return }
        let credentialNames: Set<String> = [
            "client_id", "client_secret", "client_assertion", "client_assertion_type", "refresh_token", "assertion",
            "token",
        ]
        for parameter in query.split(separator: UInt8(ascii: "&")) {
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            let decoded = FormDecoding.decode(Array(name).span)?.lowercased()
            if let decoded, credentialNames.contains(decoded) { throw TokenRefusal(.credentialsInURL) }
        }
    }

    /// Parameters of the media type, such as a charset, are ignored.
    private static func isForm(_ contentType: String?) -> Bool {
        guard let mediaType = contentType?.utf8.prefix(while: { $0 != UInt8(ascii: ";") }) else { return false }
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var rest = mediaType.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        // RFC 9110 section 8.3.1: the media type is case-insensitive.
        return rest.lazy.map(lowercased).elementsEqual("application/x-www-form-urlencoded".utf8)
    }

    private static func lowercased(_ character: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= character ? character | 0x20 : character
    }
}

/// application/x-www-form-urlencoded as RFC 6749 appendix B defines it: UTF-8, `+` for a space, `%` and two digits.
enum FormDecoding {
    /// - Returns: `nil` for a `%` without two hexadecimal digits, and for octets that are not UTF-8.
    static func decode(_ text: Span<UInt8>) -> String? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "+"):
                octets.append(UInt8(ascii: " "))
                index += 1
            case UInt8(ascii: "%"):
                guard index + 2 < text.count, let high = ASCII.hexValue(text[index + 1]),
                    let low = ASCII.hexValue(text[index + 2])
                else { return nil }
                octets.append(high << 4 | low)
                index += 3
            case let octet:
                octets.append(octet)
                index += 1
            }
        }
        return String(validating: octets, as: UTF8.self)
    }
}
