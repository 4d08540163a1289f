/// The text of a large clients file, split between entries. The pieces are parsed in parallel, and each is freed after
/// it has been parsed.
///
/// A cut is made only at a dash in the column of the first entry, below `clients:`. Only an entry can begin there:
/// block scalars, quoted texts and flow collections within an entry are indented further (YAML 1.2 section 8.2.1). If
/// one is not, its piece ends within it and is not YAML, and the file is read in one piece.
struct ClientsChunks {
    /// A part of the file that is itself a complete clients file.
    struct Piece: Sendable {
        let octets: [UInt8]
        /// The number to add to a line number of the piece to get that of the file.
        let lineOffset: Int
    }

    let pieces: [Piece]
    /// The octets of each piece in the text, without its header.
    let ranges: [Range<Int>]
    /// How far entries are indented.
    let indentation: Int
    /// The settings for all clients: the text before `clients:`, or that after the entries.
    let settings: String
    /// The number to add to a line number of the settings to get that of the file.
    let settingsOffset: Int

    /// In octets. Smaller files are not split.
    private static let smallestFile = 8 * 1024
    private static let pieceSize = 256 * 1024
    private static let header = Array("clients:".utf8)

    /// - Returns: `nil` for a small file, and for a file with another layout.
    init?(_ text: String) {
        guard text.utf8.count >= Self.smallestFile else { return nil }
        let octets = Array(text.utf8)
        var lines = Lines(octets)
        guard let (header, followsSettings) = Self.header(&lines, octets), let first = lines.next(),
            first.isEntry(of: octets)
        else {
            return nil
        }
        var cuts = [first]
        var trailer: Lines.Line?
        while let line = lines.next() {
            guard line.indentation <= first.indentation else { continue }
            if line.indentation == first.indentation, line.isEntry(of: octets) {
                guard let last = cuts.last, line.start - last.start >= Self.pieceSize else { continue }
                cuts.append(line)
            } else {
                guard !followsSettings, Self.isSetting(line, octets) else { return nil }
                trailer = line
                break
            }
        }
        while let line = lines.next() { guard Self.isSetting(line, octets) else { return nil } }
        let end = trailer?.start ?? octets.count
        settings = String(decoding: trailer == nil ? octets[..<header.start] : octets[end...], as: UTF8.self)
        settingsOffset = trailer.map { $0.number - 1 } ?? 0
        let ends = cuts.dropFirst().map(\.start) + [end]
        indentation = first.indentation
        ranges = zip(cuts, ends).map { cut, end in cut.start..<end }
        pieces = zip(cuts, ranges).map { cut, range in
            // The first entry is on the second line of the piece.
            Piece(octets: Self.header + "\n".utf8 + octets[range], lineOffset: cut.number - 2)
        }
    }

    /// The line `clients:`, if only settings of one line each precede it, and whether there are any.
    private static func header(_ lines: inout Lines, _ octets: [UInt8]) -> (line: Lines.Line, followsSettings: Bool)? {
        var followsSettings = false
        while let line = lines.next() {
            if line.indentation == 0, isHeader(octets[line.content]) { return (line, followsSettings) }
            guard isSetting(line, octets) else { return nil }
            followsSettings = true
        }
        return nil
    }

    /// Whether a line is `clients:`, perhaps with a comment.
    private static func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.starts(with: header) else { return false }
        let rest = line.dropFirst(header.count)
        return rest.isEmpty
            || rest.first == UInt8(ascii: " ") && rest.first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "#")
    }

    private static func isSetting(_ line: Lines.Line, _ octets: [UInt8]) -> Bool {
        line.indentation == 0 && ClientsSettings.names.contains { octets[line.content].starts(with: "\($0):".utf8) }
    }
}

/// The lines that are neither blank nor comments.
private struct Lines: IteratorProtocol {
    struct Line {
        let start: Int
        /// Without indentation, spaces at the end and line end.
        let content: Range<Int>
        /// From 1.
        let number: Int

        var indentation: Int { content.lowerBound - start }

        func isEntry(of octets: [UInt8]) -> Bool { octets[content].starts(with: "- ".utf8) }
    }

    private let octets: [UInt8]
    private var start = 0
    private var number = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    mutating func next() -> Line? {
        while start < octets.count {
            let lineStart = start
            var first = lineStart
            while first < octets.count, octets[first] == UInt8(ascii: " ") { first += 1 }
            var end = first
            while end < octets.count, octets[end] != UInt8(ascii: "\n") { end += 1 }
            start = end + 1
            number += 1
            if end > first, octets[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            while end > first, octets[end - 1] == UInt8(ascii: " ") { end -= 1 }
            guard first < end, octets[first] != UInt8(ascii: "#") else { continue }
            return Line(start: lineStart, content: first..<end, number: number)
        }
        return nil
    }
}
