/// The parameters of a request, RFC 6749 section 3.2.
struct FormParameters {
    private var single: [String: String] = [:]
    /// The values of `resource` and of its alias `audience`, which alone may be repeated (RFC 8707 section 2).
    private(set) var resources: [String] = []

    init(parsing form: [UInt8]) throws(TokenError) {
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
            else { throw .unreadableForm }
            start = end + 1
            if name.isEmpty && value.isEmpty { continue }
            if name == "resource" || name == "audience" {
                if !value.isEmpty { resources.append(value) }
                continue
            }
            // RFC 6749 section 3.2: parameters must not be included more than once.
            guard names.insert(name).inserted else { throw .repeatedParameter }
            // RFC 6749 section 3.2: without a value, as if it were not there.
            if !value.isEmpty { single[name] = value }
        }
    }

    subscript(name: String) -> String? { single[name] }
}
