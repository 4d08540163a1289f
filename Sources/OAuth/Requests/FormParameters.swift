import AccessToken
import WireText

/// An HTTP form: the parameters of a request, RFC 6749 section 3.2. Names are compared octet for octet.
struct FormParameters {
    /// The most parameters that a form or a query may have. Requests of this protocol have a dozen, besides their
    /// resources.
    static let maximumCount = 256

    /// The parameters that may be given once, also those without a value.
    private var single: [(name: String, value: String)] = []
    /// The values of `resource` and `audience`, the only parameters that may be repeated (RFC 8707 section 2), in the
    /// order of the request.
    private(set) var audiences: [RequestedAudience] = []

    /// A value of a parameter that names an audience.
    enum RequestedAudience {
        /// RFC 8707 section 2: a URI.
        case resource(String)
        /// A URI or a name.
        case audience(String)
    }

    /// A form with no other parameter than `client_id`, or with none.
    init(client: ClientID?) {
        if let client { single.append(("client_id", client.description)) }
    }

    init(parsing form: [UInt8]) throws(TokenRefusal) {
        var names: Set<ExactText> = []
        try Self.forEachPart(of: form.span) { (name, value) throws(TokenRefusal) in
            guard let name = FormDecoding.decode(name), let value = FormDecoding.decode(value) else {
                throw TokenRefusal(.unreadableForm)
            }
            if name.isEmpty && value.isEmpty { return }
            let isResource = name.isSameText(as: "resource")
            if isResource || name.isSameText(as: "audience") {
                if !value.isEmpty { audiences.append(isResource ? .resource(value) : .audience(value)) }
                return
            }
            // RFC 6749 section 3.2: parameters must not be included more than once.
            guard isNew(name, &names) else { throw TokenRefusal(.repeatedParameter) }
            single.append((name, value))
        }
    }

    /// Few names are compared one by one. Many are put into a set, so that the time stays linear.
    private func isNew(_ name: String, _ names: inout Set<ExactText>) -> Bool {
        if single.count < 16 { return !single.contains { $0.name.isSameText(as: name) } }
        if names.isEmpty { names = Set(single.map { ExactText($0.name) }) }
        return names.insert(ExactText(name)).inserted
    }

    /// `nil` for a parameter that is absent. RFC 6749 section 3.2: one without a value is treated as if it were absent.
    subscript(name: String) -> String? {
        for index in single.indices where single[index].name.isSameText(as: name) {
            return single[index].value.isEmpty ? nil : single[index].value
        }
        return nil
    }
}

extension FormParameters {
    /// Calls `body` with name and value, not decoded, of each part that is not empty. A part without a `=` has an empty
    /// value.
    ///
    /// - Throws: ``TokenRefusal/Code/tooManyParameters``, and what `body` throws.
    private static func forEachPart(
        of form: Span<UInt8>, _ body: (Span<UInt8>, Span<UInt8>) throws(TokenRefusal) -> Void
    ) throws(TokenRefusal) {
        var start = 0
        var count = 0
        while start < form.count {
            var end = start
            var equals: Int?
            while end < form.count, form[end] != UInt8(ascii: "&") {
                if equals == nil, form[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > start {
                count += 1
                guard count <= maximumCount else { throw TokenRefusal(.tooManyParameters) }
                let nameEnd = equals ?? end
                try body(form.extracting(start..<nameEnd), form.extracting(min(nameEnd + 1, end)..<end))
            }
            start = end + 1
        }
    }

    /// - Throws: a refusal of the URL, the media type, the size of the body, or the form.
    init(of request: EndpointRequest) throws(TokenRefusal) {
        if let query = request.query { try Self.checkQuery(query) }
        guard Self.isForm(request.fields.contentType) else { throw TokenRefusal(.wrongMediaType) }
        guard request.body.count <= EndpointRequest.maximumBodySize else { throw TokenRefusal(.bodyTooLarge) }
        try self.init(parsing: request.body)
    }

    private static let credentialNames = [
        "client_id", "client_secret", "client_assertion", "client_assertion_type", "refresh_token", "assertion",
        "token",
    ]

    /// In octets, with every character percent-encoded.
    private static let longestCredentialName = 3 * (credentialNames.map(\.utf8.count).max() ?? 0)

    /// RFC 6749 section 2.3.1: credentials must not be in the request URI, which logs and proxies store.
    private static func checkQuery(_ query: [UInt8]) throws(TokenRefusal) {
        try forEachPart(of: query.span) { (name, _) throws(TokenRefusal) in
            guard name.count <= longestCredentialName, let name = FormDecoding.decode(name) else { return }
            if credentialNames.contains(where: Octets(name).isSameIgnoringCase(as:)) {
                throw TokenRefusal(.credentialsInURL)
            }
        }
    }

    /// Parameters of the media type, such as a charset, are ignored.
    private static func isForm(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        // RFC 9110 section 8.3.1: the media type is case-insensitive.
        return Octets(contentType).split(at: ";").head.trimmed
            .isSameIgnoringCase(as: "application/x-www-form-urlencoded")
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
