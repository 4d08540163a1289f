/// Reads YAML in the layout of `writ clients add`: block mappings and sequences, one value per line, plain or in double
/// quotes without escapes.
///
/// This is a subset of what Yams reads, with the same meaning. A large file takes a tenth of the time.
struct PlainYAML {
    /// The text may have another meaning in YAML than it seems to have.
    struct NotPlain: Error {}

    /// Deeper nesting, and mappings with more members, are left to Yams.
    private static let maximumDepth = 8
    private static let maximumMembers = 32

    private let octets: [UInt8]
    /// The current line without its indentation; empty at the end of the text.
    private var content: Range<Int> = 0..<0
    private var column = 0
    private var line = 0
    private var nextLine = 0

    /// - Parameter octets: valid UTF-8.
    /// - Returns: `nil` for any other layout, even if it is not YAML.
    static func read(_ octets: [UInt8]) -> PlainYAMLNode? {
        var reader = PlainYAML(octets: octets)
        do throws(NotPlain) {
            try reader.advance()
            let root = try reader.block(depth: 0)
            return reader.isAtEnd ? root : nil
        } catch {
            return nil
        }
    }

    private init(octets: [UInt8]) { self.octets = octets }

    private var isAtEnd: Bool { content.isEmpty }

    /// Advances to the next line that is neither blank nor a comment.
    private mutating func advance() throws(NotPlain) {
        while nextLine < octets.count {
            let start = nextLine
            var end = start
            while end < octets.count, octets[end] != UInt8(ascii: "\n") {
                guard Self.isPlainCharacter(octets[end]) else { throw NotPlain() }
                end += 1
            }
            nextLine = end + 1
            line += 1
            var first = start
            while first < end, octets[first] == UInt8(ascii: " ") { first += 1 }
            guard first < end, octets[first] != UInt8(ascii: "#") else { continue }
            guard octets[end - 1] != UInt8(ascii: " ") else { throw NotPlain() }
            content = first..<end
            column = first - start
            return
        }
        content = octets.count..<octets.count
        column = -1
    }

    /// The mapping or sequence that begins at the current line.
    private mutating func block(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        guard depth < Self.maximumDepth, !isAtEnd else { throw NotPlain() }
        return isAtDash ? try sequence(depth: depth) : try mapping(depth: depth)
    }

    private var isAtDash: Bool { octets[content].starts(with: "- ".utf8) }

    private mutating func sequence(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        let dash = column
        let start = line
        var elements: [PlainYAMLNode] = []
        while column == dash, isAtDash {
            content = content.dropFirst(2)
            column += 2
            elements.append(endOfKey == nil ? try singleValue() : try mapping(depth: depth + 1))
        }
        guard column <= dash else { throw NotPlain() }
        return PlainYAMLNode(start, .sequence(elements))
    }

    private mutating func mapping(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        let start = line
        let keys = column
        var members: [YAMLMember<PlainYAMLNode>] = []
        while column == keys, let end = endOfKey {
            let name = String(decoding: octets[content.lowerBound..<end], as: UTF8.self)
            guard members.count < Self.maximumMembers, !members.contains(where: { $0.name == name }) else {
                throw NotPlain()
            }
            let place = line
            let value: PlainYAMLNode
            if end + 1 < content.upperBound {
                content = end + 2..<content.upperBound
                value = try singleValue()
            } else {
                try advance()
                guard column > keys || column == keys && isAtDash else { throw NotPlain() }
                value = try block(depth: depth + 1)
            }
            members.append(YAMLMember(name: name, line: place, value: value))
        }
        guard column < keys else {
            // A dash in the column of the keys cannot end a mapping: a sequence that contains the mapping has its
            // dashes two columns to the left.
            throw NotPlain()
        }
        return PlainYAMLNode(start, .mapping(members))
    }

    /// The index of the colon, if the line begins with a key.
    private var endOfKey: Int? {
        var end = content.lowerBound
        while end < content.upperBound, Self.isNameCharacter(octets[end]) { end += 1 }
        guard end > content.lowerBound, end < content.upperBound, octets[end] == UInt8(ascii: ":") else { return nil }
        // YAML 1.2 section 7.4.2 ends such a key at 1024 characters.
        guard end - content.lowerBound <= 1000 else { return nil }
        return end + 1 == content.upperBound || octets[end + 1] == UInt8(ascii: " ") ? end : nil
    }

    /// The value in the rest of the line.
    private mutating func singleValue() throws(NotPlain) -> PlainYAMLNode {
        let value: PlainYAMLNode
        switch octets[content.lowerBound] {
        case UInt8(ascii: "\""):
            let text = octets[content].dropFirst().dropLast()
            guard content.count >= 2, octets[content.upperBound - 1] == UInt8(ascii: "\""),
                !text.contains(UInt8(ascii: "\"")), !text.contains(UInt8(ascii: "\\"))
            else { throw NotPlain() }
            value = PlainYAMLNode(line, .singleValue(String(decoding: text, as: UTF8.self), isPlain: false))
        case let first where Self.canBegin(first):
            try checkPlainText()
            value = PlainYAMLNode(line, .singleValue(String(decoding: octets[content], as: UTF8.self), isPlain: true))
        default:
            throw NotPlain()
        }
        try advance()
        return value
    }

    /// A colon before a space makes a key, and a number sign after a space begins a comment.
    private func checkPlainText() throws(NotPlain) {
        guard octets[content.upperBound - 1] != UInt8(ascii: ":") else { throw NotPlain() }
        for space in content where octets[space] == UInt8(ascii: " ") {
            guard octets[space - 1] != UInt8(ascii: ":"), octets[space + 1] != UInt8(ascii: "#") else {
                throw NotPlain()
            }
        }
    }

    /// Printable ASCII, and letters of two octets: nothing that YAML takes for a line break.
    private static func isPlainCharacter(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x20...0x7E, 0x80...0xBF, 0xC3...0xDF: true
        default: false
        }
    }

    private static func isNameCharacter(_ octet: UInt8) -> Bool {
        canBegin(octet) && octet < 0x80 && octet != UInt8(ascii: "/")
    }

    /// Whether a plain value can begin with this octet: it has no special meaning in YAML.
    private static func canBegin(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "/"), 0xC3...0xDF:
            true
        default: false
        }
    }
}

/// A node that ``PlainYAML`` has read.
struct PlainYAMLNode: YAMLNode {
    fileprivate enum Content {
        case singleValue(String, isPlain: Bool)
        case sequence([PlainYAMLNode])
        case mapping([YAMLMember<PlainYAMLNode>])
    }

    private let content: Content
    let line: Int?

    fileprivate init(_ line: Int, _ content: Content) {
        self.line = line
        self.content = content
    }

    var singleValue: (text: String, isPlain: Bool)? {
        if case .singleValue(let text, let isPlain) = content { (text, isPlain) } else { nil }
    }

    var elements: [PlainYAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    var members: [YAMLMember<PlainYAMLNode>]? {
        if case .mapping(let members) = content { members } else { nil }
    }
}
