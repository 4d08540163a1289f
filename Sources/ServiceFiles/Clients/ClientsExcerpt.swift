/// The part of a large clients file that an edit changes, as a clients file of its own: reading the whole file as YAML would
/// take much time and memory. One entry stands for each run of entries that are left out.
struct ClientsExcerpt {
    /// The excerpt.
    let text: String
    private let octets: [UInt8]
    /// The octets of the whole text that are left out, by the line that stands for them.
    private let omissions: [String: Range<Int>]

    private static let mark = "writ-leaves-out-"

    /// - Parameters:
    ///   - whole: the file as it was read from `text`.
    ///   - positions: the entries that the edit changes.
    ///   - isAppended: whether the edit adds an entry at the end.
    /// - Returns: `nil` for a file that was not read in pieces.
    init?(of text: String, _ whole: ClientsFile, changing positions: [Int], isAppended: Bool) {
        guard let chunking = whole.chunking else { return nil }
        let ranges = chunking.ranges
        guard let first = ranges.first, let last = ranges.last else { return nil }
        octets = Array(text.utf8)
        var isKept = Array(repeating: false, count: ranges.count)
        for position in positions {
            guard let piece = chunking.ends.firstIndex(where: { position < $0 }) else { return nil }
            isKept[piece] = true
            // The comment above the first entry of a piece is at the end of the piece before it.
            isKept[max(piece - 1, 0)] = true
        }
        if isAppended { isKept[ranges.count - 1] = true }
        var excerpt = Array(octets[..<first.lowerBound])
        var omissions: [String: Range<Int>] = [:]
        var place = 0
        while place < ranges.count {
            let start = place
            while place < ranges.count, isKept[place] == isKept[start] { place += 1 }
            let run = ranges[start].lowerBound..<ranges[place - 1].upperBound
            guard !isKept[start] else {
                excerpt += octets[run]
                continue
            }
            let indentation = String(repeating: " ", count: chunking.indentation)
            let line = "\(indentation)- \(Self.mark)\(start): 0"
            omissions[line] = run
            excerpt += Array((line + "\n").utf8)
        }
        excerpt += octets[last.upperBound...]
        self.text = String(decoding: excerpt, as: UTF8.self)
        self.omissions = omissions
    }

    /// The whole text with an edited excerpt.
    ///
    /// - Returns: `nil` if not each line that stands for entries is there once.
    func completing(_ edited: String) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(octets.count + edited.utf8.count)
        var seen: Set<String> = []
        for line in TextLines(edited).all {
            if let run = omissions[line.text] {
                guard seen.insert(line.text).inserted else { return nil }
                result += octets[run]
            } else {
                result += Array(line.text.utf8) + Array(line.end.utf8)
            }
        }
        return seen.count == omissions.count ? String(decoding: result, as: UTF8.self) : nil
    }
}
