import JOSE
import WireText

/// Takes JSON apart without holding it in memory, RFC 8259. What is skipped is checked for its form; what is captured is
/// for `JSONReader`, which checks the rest: UTF-8, surrogates and repeated names.
struct JSONScanner {
    /// The most nested arrays and objects.
    static let maximumDepth = 64
    /// The longest number, and the longest name that can be one that is looked for, in octets.
    private static let longestToken = 1024

    /// What ends a collection that is open.
    private enum Closer: Unicode.Scalar {
        case brace = "}"
        case bracket = "]"
    }

    private var stream: OctetStream

    init(_ stream: OctetStream) { self.stream = stream }

    /// The position of the next octet in the file.
    var offset: Int { stream.offset }

    func fault(_ reason: String) -> ExportFault { .malformed(reason, offset: stream.offset) }

    /// The next octet that is no white space; `nil` at the end.
    mutating func next() throws(ExportFault) -> UInt8? {
        while let octet = try stream.peek() {
            guard octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09 else { return octet }
            stream.advance()
        }
        return nil
    }

    /// Takes a character, if it is the next after white space.
    mutating func take(_ character: Unicode.Scalar) throws(ExportFault) -> Bool {
        guard try next() == UInt8(ascii: character) else { return false }
        stream.advance()
        return true
    }

    /// Reads one value.
    mutating func value(_ capture: inout JSONCapture) throws(ExportFault) {
        var closers: [Closer] = []
        repeat {
            if try opensCollection(&closers, &capture) { continue }
            try closeCollections(&closers, &capture)
        } while !closers.isEmpty
    }

    /// - Returns: whether a collection has begun whose first value comes next. Otherwise a value is complete.
    private mutating func opensCollection(
        _ closers: inout [Closer], _ capture: inout JSONCapture
    ) throws(ExportFault) -> Bool {
        let opener: Unicode.Scalar
        let closer: Closer
        switch try next() {
        case UInt8(ascii: "{"): (opener, closer) = ("{", .brace)
        case UInt8(ascii: "["): (opener, closer) = ("[", .bracket)
        case UInt8(ascii: "\""):
            try string(&capture)
            return false
        case nil: throw fault("the text ends before a value")
        default:
            try scalar(&capture)
            return false
        }
        guard closers.count < Self.maximumDepth else { throw fault("nested too deep") }
        _ = try takeAndKeep(opener, &capture)
        if try takeAndKeep(closer.rawValue, &capture) { return false }
        closers.append(closer)
        if closer == .brace { try name(&capture) }
        return true
    }

    /// Reads on behind a value, up to the next one.
    private mutating func closeCollections(
        _ closers: inout [Closer], _ capture: inout JSONCapture
    ) throws(ExportFault) {
        while let closer = closers.last {
            if try takeAndKeep(closer.rawValue, &capture) {
                closers.removeLast()
                continue
            }
            guard try takeAndKeep(",", &capture) else { throw fault("neither , nor \(closer.rawValue) after a value") }
            if closer == .brace { try name(&capture) }
            return
        }
    }

    private mutating func takeAndKeep(
        _ character: Unicode.Scalar, _ capture: inout JSONCapture
    ) throws(ExportFault) -> Bool {
        guard try take(character) else { return false }
        capture.append(UInt8(ascii: character))
        return true
    }

    /// Reads the name of a member and the colon behind it.
    private mutating func name(_ capture: inout JSONCapture) throws(ExportFault) {
        guard try next() == UInt8(ascii: "\"") else { throw fault("not a member name") }
        try string(&capture)
        guard try takeAndKeep(":", &capture) else { throw fault("no : after a member name") }
    }

    /// Reads the name of a member and the colon behind it.
    ///
    /// - Returns: the octets of the name; `nil` for one that is too long to be looked for.
    mutating func name() throws(ExportFault) -> [UInt8]? {
        var capture = JSONCapture(limit: Self.longestToken)
        let offset = stream.offset
        try name(&capture)
        guard !capture.isOverfull else { return nil }
        let text = (try? JSONReader.read(Array(capture.octets.dropLast())))?.string
        guard let text else { throw .malformed("a member name that is not UTF-8", offset: offset) }
        return Array(text.utf8)
    }

    private mutating func string(_ capture: inout JSONCapture) throws(ExportFault) {
        stream.advance()
        capture.append(UInt8(ascii: "\""))
        while true {
            try stream.takePlainText(into: &capture)
            guard let octet = try stream.peek() else { throw fault("the text ends inside a string") }
            // The end of a piece.
            guard octet < 0x20 || octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") else { continue }
            guard octet >= 0x20 else { throw fault("a control character inside a string") }
            stream.advance()
            capture.append(octet)
            if octet == UInt8(ascii: "\"") { return }
            try escape(&capture)
        }
    }

    /// Reads what is behind a backslash.
    private mutating func escape(_ capture: inout JSONCapture) throws(ExportFault) {
        guard let octet = try stream.peek() else { throw fault("the text ends inside a string") }
        guard "\"\\/bfnrtu".utf8.contains(octet) else { throw fault("an unknown escape") }
        stream.advance()
        capture.append(octet)
        guard octet == UInt8(ascii: "u") else { return }
        for _ in 0..<4 {
            guard let digit = try stream.peek(), ASCII.hexValue(digit) != nil else {
                throw fault("not four hexadecimal digits")
            }
            stream.advance()
            capture.append(digit)
        }
    }

    /// Reads a number or a word.
    private mutating func scalar(_ capture: inout JSONCapture) throws(ExportFault) {
        let offset = stream.offset
        var token: [UInt8] = []
        while let octet = try stream.peek(), Self.isInScalar(octet) {
            guard token.count < Self.longestToken else { throw fault("a number too long") }
            token.append(octet)
            stream.advance()
        }
        // Most scalars of an export are words and times.
        let isUsual =
            Self.words.contains(token)
            || token.allSatisfy(ASCII.isDigit) && !token.isEmpty && (token.count == 1 || token[0] != UInt8(ascii: "0"))
        if !isUsual {
            do throws(JSONError) { _ = try JSONReader.read(token) } catch {
                throw .malformed("not a value", offset: offset)
            }
        }
        capture.append(token)
    }

    private static let words = ["true", "false", "null"].map { Array($0.utf8) }

    private static func isInScalar(_ octet: UInt8) -> Bool {
        ASCII.isLetter(octet) || ASCII.isDigit(octet) || "+-.".utf8.contains(octet)
    }
}
