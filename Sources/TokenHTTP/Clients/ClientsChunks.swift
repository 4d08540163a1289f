/// The text of a large clients file, cut between entries, so that the pieces can be read at the same time and forgotten
/// one by one.
///
/// It is cut only where nothing but an entry can begin: at a dash in the column of the first one, below `clients:`. Block
/// scalars, quoted texts and flow collections within an entry are indented further (YAML 1.2 section 8.2.1).
struct ClientsChunks {
    /// A clients file of its own.
    struct Piece: Sendable {
        let text: String
        /// What a line number in it lacks.
        let lineOffset: Int
    }

    let pieces: [Piece]

    /// Files that are smaller are read in one.
    private static let smallestFile = 128 * 1024
    private static let pieceSize = 256 * 1024
    private static let header = Array("clients:\n".utf8)

    /// - Returns: nil for a small file, and for one that is laid out in another way.
    init?(_ text: String) {
        let octets = Array(text.utf8)
        guard octets.count >= Self.smallestFile else { return nil }
        var pieces: [Piece] = []
        var current: [UInt8] = []
        var firstLine = 0
        var dashColumn: Int?
        var hasHeader = false
        var start = 0
        var number = 0
        while start < octets.count {
            let end = octets[start...].firstIndex(of: UInt8(ascii: "\n")) ?? octets.count
            let line = octets[start..<end]
            number += 1
            start = end + 1
            let indentation = line.prefix { $0 == UInt8(ascii: " ") }.count
            let rest = line.dropFirst(indentation)
            let isEmpty = rest.isEmpty || rest.first == UInt8(ascii: "#")
            guard hasHeader else {
                if isEmpty { continue }
                guard line.elementsEqual(Self.header.dropLast()) else { return nil }
                hasHeader = true
                continue
            }
            if !isEmpty {
                let isDash = rest.starts(with: "- ".utf8)
                if dashColumn == nil {
                    guard isDash, indentation > 0 else { return nil }
                    dashColumn = indentation
                }
                guard indentation > dashColumn ?? 0 || (indentation == dashColumn && isDash) else { return nil }
                if indentation == dashColumn, current.count >= Self.pieceSize || current.isEmpty {
                    if !current.isEmpty { pieces.append(Self.piece(current, firstLine: firstLine)) }
                    current = Self.header
                    firstLine = number
                }
            }
            guard !current.isEmpty else { continue }
            current += line
            current.append(UInt8(ascii: "\n"))
        }
        guard !current.isEmpty else { return nil }
        pieces.append(Self.piece(current, firstLine: firstLine))
        self.pieces = pieces
    }

    /// The first entry stands in the second line of the piece.
    private static func piece(_ octets: [UInt8], firstLine: Int) -> Piece {
        Piece(text: String(decoding: octets, as: UTF8.self), lineOffset: firstLine - 2)
    }
}
