/// The PEM blocks of a text, RFC 7468 section 2, as libcrypto finds them: their contents are not decoded.
public enum PEMBlocks {
    /// The labels of the blocks, in their order: "PRIVATE KEY". Text around the blocks is skipped.
    ///
    /// - Throws: the reason libcrypto would find no block, or only a part of one.
    public static func labels(in text: Span<UInt8>) throws(PEMFault) -> [String] {
        var labels: [String] = []
        var begun: String?
        var misplaced: PEMFault?
        var start = text.hasByteOrderMark ? 3 : 0
        while start < text.count {
            let end = text.endOfLine(from: start)
            let line = text.extracting(start..<end)
            switch try Boundary(line) {
            case .begin(let label):
                guard begun == nil else { throw .cutOff }
                if labels.isEmpty, start == 3, text.hasByteOrderMark { throw .byteOrderMark }
                begun = label
            case .end(let label):
                guard let begin = begun else {
                    guard !labels.isEmpty else { throw misplaced ?? .cutOff }
                    break
                }
                guard begin == label else { throw .mismatchedLabels }
                labels.append(label)
                begun = nil
            case nil:
                if misplaced == nil { misplaced = faultOfBeginning(within: line) }
            }
            start = end + 1
        }
        guard begun == nil else { throw .cutOff }
        guard labels.isEmpty else { return labels }
        throw misplaced ?? faultWithoutBlock(text)
    }

    /// - Returns: `nil` if no block begins within the line.
    private static func faultOfBeginning(within line: Span<UInt8>) -> PEMFault? {
        guard let position = line.position(of: Boundary.beginning) else { return nil }
        let isAfterReturn = position > 0 && line[position - 1] == UInt8(ascii: "\r")
        return isAfterReturn ? .carriageReturns : .joinedLines
    }

    private static func faultWithoutBlock(_ text: Span<UInt8>) -> PEMFault {
        if text.indices.allSatisfy({ text[$0].isWhiteSpace }) { return .empty }
        guard text.count >= 2 else { return .noBlock }
        if (text[0], text[1]) == (0xFF, 0xFE) || (text[0], text[1]) == (0xFE, 0xFF) { return .utf16 }
        // A SEQUENCE, whose length has more octets or is that of the file.
        let isSequence = text[0] == 0x30 && (text[1] > 0x80 || Int(text[1]) == text.count - 2)
        return isSequence ? .binary : .noBlock
    }
}

/// A line that begins or ends a block, with its label.
private enum Boundary {
    case begin(String)
    case end(String)

    static let beginning = Array("-----BEGIN ".utf8)
    private static let ending = Array("-----END ".utf8)
    private static let dashes = Array("-----".utf8)

    /// - Returns: `nil` for any other line.
    init?(_ line: Span<UInt8>) throws(PEMFault) {
        let first = line.indices.first { !line[$0].isBlank } ?? line.count
        let last = line.indices.last { !line[$0].isWhiteSpace } ?? 0
        guard first < last else { return nil }
        let content = line.extracting(first...last)
        let isBegin = content.begins(with: Self.beginning)
        guard isBegin || content.begins(with: Self.ending) else { return nil }
        guard first == 0 else { throw .indented }
        let labelStart = isBegin ? Self.beginning.count : Self.ending.count
        let rest = content.extracting(labelStart...)
        guard let labelCount = rest.position(of: Self.dashes) else {
            // The file may end within the line.
            throw rest.contains(UInt8(ascii: "\r")) ? .carriageReturns : .brokenBoundary
        }
        guard labelCount + Self.dashes.count == rest.count else {
            throw rest.contains(UInt8(ascii: "\r")) ? .carriageReturns : .joinedLines
        }
        let label = String(decoding: (0..<labelCount).map { rest[$0] }, as: UTF8.self)
        self = isBegin ? .begin(label) : .end(label)
    }
}

extension Span<UInt8> {
    fileprivate var hasByteOrderMark: Bool { begins(with: [0xEF, 0xBB, 0xBF]) }

    fileprivate func begins(with prefix: [UInt8]) -> Bool {
        count >= prefix.count && prefix.indices.allSatisfy { self[$0] == prefix[$0] }
    }

    fileprivate func contains(_ octet: UInt8) -> Bool { indices.contains { self[$0] == octet } }

    /// The position of the line feed that ends the line, or of the end of the text.
    fileprivate func endOfLine(from start: Int) -> Int {
        (start..<count).first { self[$0] == UInt8(ascii: "\n") } ?? count
    }

    /// The first position of `word`; `nil` if it does not occur.
    fileprivate func position(of word: [UInt8]) -> Int? {
        guard count >= word.count else { return nil }
        return (0...count - word.count).first { start in
            word.indices.allSatisfy { self[start + $0] == word[$0] }
        }
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
    fileprivate var isWhiteSpace: Bool { isBlank || self == UInt8(ascii: "\r") || self == UInt8(ascii: "\n") }
}
