extension FormParameters {
    /// - Throws: what can be refused without looking at the parameters themselves.
    init(of request: EndpointRequest) throws(TokenError) {
        try Self.checkURL(request.query)
        guard Self.isForm(request.contentType) else { throw .wrongMediaType }
        guard request.body.count <= EndpointRequest.maximumBodySize else { throw .bodyTooLarge }
        try self.init(parsing: request.body)
    }

    /// RFC 6749 section 2.3.1: credentials must not be in the request URI, where logs and proxies keep them.
    private static func checkURL(_ query: [UInt8]?) throws(TokenError) {
        guard let query else { return }
        let credentialNames: Set<String> = [
            "client_id", "client_secret", "client_assertion", "client_assertion_type", "refresh_token", "assertion",
            "token",
        ]
        for parameter in query.split(separator: UInt8(ascii: "&")) {
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            let decoded = FormDecoding.decode(Array(name).span)?.lowercased()
            if let decoded, credentialNames.contains(decoded) { throw .credentialsInURL }
        }
    }

    /// Parameters of the media type, such as a charset, make no difference.
    private static func isForm(_ contentType: String?) -> Bool {
        guard let mediaType = contentType?.utf8.prefix(while: { $0 != UInt8(ascii: ";") }) else { return false }
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var rest = mediaType.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        // RFC 9110 section 8.3.1: in any case.
        return rest.lazy.map(lowercased).elementsEqual("application/x-www-form-urlencoded".utf8)
    }

    private static func lowercased(_ character: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= character ? character | 0x20 : character
    }
}
