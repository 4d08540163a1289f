/// Reads a value that begins and ends in one line: a single value, or a collection in brackets. A comment may follow it.
struct PlainYAMLValue {
    typealias NotPlain = PlainYAML.NotPlain

    private let octets: [UInt8]
    /// What is left of the line.
    private var rest: Range<Int>
    private let line: Int

    /// - Parameters:
    ///   - octets: the whole text.
    ///   - content: the part of it that holds the value: not empty, and without spaces at its ends.
    init(_ octets: [UInt8], _ content: Range<Int>, line: Int) {
        self.octets = octets
        rest = content
        self.line = line
    }

    /// The value of the line.
    mutating func value(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        let value: PlainYAMLNode
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): value = try quoted()
        case UInt8(ascii: "["), UInt8(ascii: "{"): value = try collection(depth: depth)
        default: return try plain()
        }
        guard rest.isEmpty || next == UInt8(ascii: " ") && firstAfterSpaces == UInt8(ascii: "#") else {
            throw NotPlain()
        }
        return value
    }

    /// The next octet, or 0 at the end.
    private var next: UInt8 { rest.isEmpty ? 0 : octets[rest.lowerBound] }

    private var firstAfterSpaces: UInt8? { rest.first { octets[$0] != UInt8(ascii: " ") }.map { octets[$0] } }

    private mutating func skipSpaces() {
        while next == UInt8(ascii: " ") { rest.removeFirst(1) }
    }

    private mutating func take(_ octet: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: octet) else { return false }
        rest.removeFirst(1)
        return true
    }

    private func node(_ range: Range<Int>, _ style: YAMLSingleValue.Style) -> PlainYAMLNode {
        PlainYAMLNode(
            line, .singleValue(YAMLSingleValue(text: String(decoding: octets[range], as: UTF8.self), style: style)))
    }

    /// Text between quotation marks of one kind, without escapes and without such a mark in it.
    private mutating func quoted() throws(NotPlain) -> PlainYAMLNode {
        let mark = next
        let start = rest.lowerBound + 1
        guard let end = (start..<rest.upperBound).first(where: { octets[$0] == mark }),
            mark == UInt8(ascii: "'") || !octets[start..<end].contains(UInt8(ascii: "\\")),
            // Two of the marks mean one.
            mark == UInt8(ascii: "\"") || end + 1 == rest.upperBound || octets[end + 1] != mark
        else { throw NotPlain() }
        rest = end + 1..<rest.upperBound
        return node(start..<end, .quoted)
    }

    /// Text to the end of the line, or to a comment.
    private mutating func plain() throws(NotPlain) -> PlainYAMLNode {
        guard canBegin else { throw NotPlain() }
        var end = rest.upperBound
        for space in rest where octets[space] == UInt8(ascii: " ") {
            // A colon before a space makes a key, and a number sign after a space begins a comment.
            guard octets[space - 1] != UInt8(ascii: ":") else { throw NotPlain() }
            guard octets[space + 1] != UInt8(ascii: "#") else { end = space; break }
        }
        while octets[end - 1] == UInt8(ascii: " ") { end -= 1 }
        guard octets[end - 1] != UInt8(ascii: ":") else { throw NotPlain() }
        return node(rest.lowerBound..<end, .plain)
    }

    /// Whether a plain value can begin with the next octet: it has no special meaning in YAML.
    private var canBegin: Bool {
        switch next {
        case UInt8(ascii: "-"): rest.count > 1 && PlainYAML.canBeginName(octets[rest.lowerBound + 1])
        case UInt8(ascii: "~"): rest.count == 1
        case UInt8(ascii: "/"), 0xC3...0xFF: true
        default: PlainYAML.canBeginName(next)
        }
    }
}

extension PlainYAMLValue {
    private mutating func collection(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        guard depth < PlainYAML.maximumDepth else { throw NotPlain() }
        if take("[") {
            var elements: [PlainYAMLNode] = []
            try list(until: "]") { (scanner) throws(NotPlain) in
                elements.append(try scanner.element(depth: depth + 1))
            }
            return PlainYAMLNode(line, .sequence(elements))
        }
        guard take("{") else { throw NotPlain() }
        var members: [YAMLMember<PlainYAMLNode>] = []
        try list(until: "}") { (scanner) throws(NotPlain) in
            try PlainYAMLNode.add(try scanner.member(depth: depth + 1), to: &members)
        }
        return PlainYAMLNode(line, .mapping(members))
    }

    /// Reads what is between brackets, separated by commas.
    private mutating func list(
        until end: Unicode.Scalar, _ item: (inout PlainYAMLValue) throws(NotPlain) -> Void
    ) throws(NotPlain) {
        skipSpaces()
        if take(end) { return }
        while true {
            try item(&self)
            skipSpaces()
            if take(end) { return }
            guard take(",") else { throw NotPlain() }
            skipSpaces()
            if take(end) { return }
        }
    }

    private mutating func element(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try quoted()
        case UInt8(ascii: "["), UInt8(ascii: "{"): return try collection(depth: depth)
        default:
            let start = rest.lowerBound
            guard canBegin else { throw NotPlain() }
            while isPlainInBrackets { rest.removeFirst(1) }
            var end = rest.lowerBound
            while end > start, octets[end - 1] == UInt8(ascii: " ") { end -= 1 }
            return node(start..<end, .plain)
        }
    }

    /// Whether the next octet goes on with a plain value between brackets.
    private var isPlainInBrackets: Bool {
        switch next {
        case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "@"),
            UInt8(ascii: "+"), UInt8(ascii: "~"), 0x80...0xFF:
            return true
        case UInt8(ascii: ":"):
            // A colon before anything else may make a key.
            guard rest.count > 1 else { return false }
            let following = octets[rest.lowerBound + 1]
            return PlainYAML.canBeginName(following) || following == UInt8(ascii: "/")
        default: return PlainYAML.canBeginName(next)
        }
    }

    private mutating func member(depth: Int) throws(NotPlain) -> YAMLMember<PlainYAMLNode> {
        let name: String
        let isPlain = PlainYAML.canBeginName(next)
        if isPlain {
            let start = rest.lowerBound
            while PlainYAML.isNameOctet(next) { rest.removeFirst(1) }
            name = String(decoding: octets[start..<rest.lowerBound], as: UTF8.self)
        } else {
            guard next == UInt8(ascii: "\"") || next == UInt8(ascii: "'"), let text = try quoted().text else {
                throw NotPlain()
            }
            name = text
        }
        guard name.utf8.count <= 1000 else { throw NotPlain() }
        // Only a name in quotation marks ends without a space behind the colon: YAML 1.2.2 section 7.4.2.
        guard take(":"), !isPlain || next == UInt8(ascii: " ") else { throw NotPlain() }
        skipSpaces()
        return YAMLMember(name: name, isPlainName: isPlain, line: line, value: try element(depth: depth))
    }
}
