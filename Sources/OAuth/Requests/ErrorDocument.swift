import JOSE

/// The JSON object of RFC 6749 section 5.2.
package enum ErrorDocument {
    /// `code` is `error` and `text` is `error_description`; fixed strings, so that no input is echoed.
    package static func json(code: StaticString, text: StaticString) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { document in
            document.member("error", code.description)
            document.member("error_description", text.description)
        }
        return writer.bytes
    }
}
