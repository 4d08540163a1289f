/// Reads YAML in the layouts that people and programs write for clients: block mappings and sequences, collections in
/// brackets on one line, plain and quoted values without escapes, and comments.
///
/// This is a subset of what Yams reads, with the same meaning. A large file takes a tenth of the time.
struct PlainYAML {
    /// The text may have another meaning in YAML than it seems to have.
    struct NotPlain: Error {}

    /// Deeper nesting, and mappings with more members, are left to Yams.
    static let maximumDepth = 8
    static let maximumMembers = 32

    private let octets: [UInt8]
    /// The rest of the current line, without its indentation; empty at the end of the text.
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
                guard (0x20...0x7E).contains(octets[end]) || isOrdinary(end) else { throw NotPlain() }
                end += 1
            }
            nextLine = end + 1
            line += 1
            if end > start, end < octets.count, octets[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            while end > start, octets[end - 1] == UInt8(ascii: " ") { end -= 1 }
            var first = start
            while first < end, octets[first] == UInt8(ascii: " ") { first += 1 }
            guard first < end, octets[first] != UInt8(ascii: "#") else { continue }
            content = first..<end
            column = first - start
            return
        }
        content = octets.count..<octets.count
        column = -1
    }

    /// Whether an octet that is not printable ASCII has no special meaning: it is a part of a letter or a sign beyond
    /// ASCII, or of a carriage return before a line feed.
    private func isOrdinary(_ index: Int) -> Bool {
        switch octets[index] {
        case UInt8(ascii: "\r"): index + 1 < octets.count && octets[index + 1] == UInt8(ascii: "\n")
        case 0..<0x80: false
        // U+0080 to U+009F, among them a line break.
        case 0xC2: octets[index + 1] >= 0xA0
        // U+2028 and U+2029 break lines.
        case 0xE2: octets[index + 1] != 0x80 || octets[index + 2] & 0xFE != 0xA8
        // The byte order mark, and what is no character.
        case 0xEF: false
        default: true
        }
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
            let first = content.dropFirst(2).first { octets[$0] != UInt8(ascii: " ") } ?? content.upperBound
            column += first - content.lowerBound
            content = first..<content.upperBound
            elements.append(
                endOfKey == nil ? try restOfLine(depth: depth + 1) : try mapping(depth: depth + 1))
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
            let place = line
            let first = content.dropFirst(end + 1 - content.lowerBound).first { octets[$0] != UInt8(ascii: " ") }
            let value: PlainYAMLNode
            if let first, octets[first] != UInt8(ascii: "#") {
                content = first..<content.upperBound
                value = try restOfLine(depth: depth + 1)
            } else {
                try advance()
                let isNested = column > keys || column == keys && isAtDash
                value = isNested ? try block(depth: depth + 1) : .null(place)
            }
            try PlainYAMLNode.add(YAMLMember(name: name, isPlainName: true, line: place, value: value), to: &members)
        }
        guard column < keys else {
            // A dash in the column of the keys cannot end a mapping: a sequence that contains the mapping has its
            // dashes at least two columns to the left.
            throw NotPlain()
        }
        return PlainYAMLNode(start, .mapping(members))
    }

    /// The index of the colon, if the line begins with a key.
    private var endOfKey: Int? {
        guard content.lowerBound < content.upperBound, Self.canBeginName(octets[content.lowerBound]) else { return nil }
        var end = content.lowerBound
        while end < content.upperBound, Self.isNameOctet(octets[end]) { end += 1 }
        guard end < content.upperBound, octets[end] == UInt8(ascii: ":") else { return nil }
        // YAML 1.2 section 7.4.2 ends such a key at 1024 characters.
        guard end - content.lowerBound <= 1000 else { return nil }
        return end + 1 == content.upperBound || octets[end + 1] == UInt8(ascii: " ") ? end : nil
    }

    /// The value in the rest of the line.
    private mutating func restOfLine(depth: Int) throws(NotPlain) -> PlainYAMLNode {
        var scanner = PlainYAMLValue(octets, content, line: line)
        let value = try scanner.value(depth: depth)
        try advance()
        return value
    }

    static func canBeginName(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    static func isNameOctet(_ octet: UInt8) -> Bool {
        canBeginName(octet) || octet == UInt8(ascii: "-") || octet == UInt8(ascii: ".") || octet == UInt8(ascii: "/")
    }
}
