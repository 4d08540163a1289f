/// The text of a large clients file, cut between entries, so that the pieces can be read at the same time and forgotten
/// one by one.
///
/// It is cut only where nothing but an entry can begin: at a dash in the column of the first one, below `clients:`. Block
/// scalars, quoted texts and flow collections within an entry are indented further (YAML 1.2 section 8.2.1).
struct ClientsChunks {
    /// A clients file of its own.
    struct Piece: Sendable {
        let octets: [UInt8]
        /// What a line number in it lacks.
        let lineOffset: Int
    }

    let pieces: [Piece]
    /// What stands before `clients:`.
    let preamble: String

    /// Files that are smaller are read in one.
    private static let smallestFile = 128 * 1024
    private static let pieceSize = 256 * 1024
    private static let header = Array("clients:".utf8)

    /// - Returns: nil for a small file, and for one that is laid out in another way.
    init?(_ text: String) {
        guard text.utf8.count >= Self.smallestFile else { return nil }
        let octets = Array(text.utf8)
        var lines = Lines(octets)
        guard let header = Self.header(&lines, octets), let first = lines.next(), first.indentation > 0,
            first.isEntry(of: octets)
        else { return nil }
        var cuts = [first]
        while let line = lines.next() {
            guard line.indentation <= first.indentation else { continue }
            guard line.indentation == first.indentation, line.isEntry(of: octets) else { return nil }
            guard let last = cuts.last, line.start - last.start >= Self.pieceSize else { continue }
            cuts.append(line)
        }
        preamble = String(decoding: octets[..<header.start], as: UTF8.self)
        let ends = cuts.dropFirst().map(\.start) + [octets.count]
        pieces = zip(cuts, ends).map { cut, end in
            // The first entry stands in the second line of the piece.
            Piece(octets: Self.header + "\n".utf8 + octets[cut.start..<end], lineOffset: cut.number - 2)
        }
    }

    /// The line `clients:`, behind nothing but settings in a line each.
    private static func header(_ lines: inout Lines, _ octets: [UInt8]) -> Lines.Line? {
        while let line = lines.next(), line.indentation == 0 {
            if octets[line.content].elementsEqual(header) { return line }
            guard octets[line.content].starts(with: "\(ClientsSettings.notBeforeName):".utf8) else { return nil }
        }
        return nil
    }
}

/// The lines that are neither blank nor comments.
private struct Lines: IteratorProtocol {
    struct Line {
        let start: Int
        /// Without indentation and line feed.
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
            guard first < end, octets[first] != UInt8(ascii: "#") else { continue }
            return Line(start: lineStart, content: first..<end, number: number)
        }
        return nil
    }
}
