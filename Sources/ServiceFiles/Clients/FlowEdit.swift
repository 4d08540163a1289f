import Yams

/// Edits a mapping in braces, or a list in brackets, within its lines.
struct FlowEdit {
    private let mapping: Node.Mapping?
    private let mark: Mark
    private let lines: TextLines

    init(_ mapping: Node.Mapping, _ lines: TextLines) throws {
        guard let mark = mapping.mark else { throw ClientsFileEditError.unusualLayout }
        self.mapping = mapping
        self.mark = mark
        self.lines = lines
    }

    /// - Parameter mark: the place of the opening bracket.
    init(_ mark: Mark, _ lines: TextLines) {
        mapping = nil
        self.mark = mark
        self.lines = lines
    }

    /// Whether a bracket stands at a place. Yams reports the style of no collection.
    static func isOpened(at mark: Mark?, by bracket: Unicode.Scalar, _ lines: TextLines) -> Bool {
        guard let mark, mark.line <= lines.count else { return false }
        return lines[mark.line - 1].text.unicodeScalars.dropFirst(mark.column - 1).first == bracket
    }

    /// Sets members, or takes them out. A member that is there must be in one line.
    func setting(_ members: [MemberText]) throws -> [LinesEdit] {
        guard let mapping else { return [] }
        var replacements: [Int: [Replacement]] = [:]
        var new: [String] = []
        for member in members {
            guard member.below.isEmpty else { throw ClientsFileEditError.unusualLayout }
            guard let place = mapping.keys.firstIndex(where: { $0.string == member.name }) else {
                if let text = member.text { new.append(text) }
                continue
            }
            guard let key = mapping.keys[place].mark, let mark = mapping.values[place].mark, key.line == mark.line
            else {
                throw ClientsFileEditError.unusualLayout
            }
            let text = Array(lines[mark.line - 1].text.unicodeScalars)
            let start = mark.column - 1
            let end = Self.end(of: text, from: start)
            replacements[mark.line - 1, default: []].append(
                member.value.map { Replacement(range: start..<end, text: $0) }
                    ?? Replacement(range: Self.whole(text, key.column - 1, end), text: ""))
        }
        if !new.isEmpty {
            let place = positionOfFirst
            replacements[mark.line - 1, default: []].append(
                Replacement(range: place..<place, text: new.joined(separator: ", ") + ", "))
        }
        return replacements.map { line, replacements in edit(line, replacements) }
    }

    /// Inserts an element before the others.
    func inserting(_ element: String, isOnly: Bool) -> [LinesEdit] {
        let place = positionOfFirst
        return [edit(mark.line - 1, [Replacement(range: place..<place, text: element + (isOnly ? "" : ", "))])]
    }

    /// The position after the opening bracket and the spaces behind it.
    private var positionOfFirst: Int {
        let text = Array(lines[mark.line - 1].text.unicodeScalars)
        return text[min(mark.column, text.count)...].firstIndex { $0 != " " } ?? text.count
    }

    /// The position after a value.
    private static func end(of text: [Unicode.Scalar], from start: Int) -> Int {
        guard start < text.count else { return start }
        let rest = text[(start + 1)...]
        switch text[start] {
        case "[", "{": return endOfCollection(text, from: start)
        case "\"", "'": return rest.firstIndex(of: text[start]).map { $0 + 1 } ?? text.count
        default:
            var end = rest.firstIndex { [",", "}", "]"].contains($0) } ?? text.count
            while end > start, text[end - 1] == " " { end -= 1 }
            return end
        }
    }

    /// The position after the bracket that closes the one at `start`.
    private static func endOfCollection(_ text: [Unicode.Scalar], from start: Int) -> Int {
        var depth = 0
        var quote: Unicode.Scalar?
        for index in start..<text.count {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            switch character {
            case "\"", "'": quote = character
            case "[", "{": depth += 1
            case "]", "}":
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
        }
        return text.count
    }

    /// The range of a member with the comma behind it, or before it if it is the last.
    private static func whole(_ text: [Unicode.Scalar], _ start: Int, _ end: Int) -> Range<Int> {
        var (start, end) = (start, end)
        while end < text.count, text[end] == " " { end += 1 }
        if end < text.count, text[end] == "," {
            end += 1
            while end < text.count, text[end] == " " { end += 1 }
            return start..<end
        }
        while start > 0, [" ", ","].contains(text[start - 1]) { start -= 1 }
        return start..<end
    }

    private func edit(_ index: Int, _ replacements: [Replacement]) -> LinesEdit {
        let line = lines[index]
        var text = Array(line.text.unicodeScalars)
        for replacement in replacements.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            text.replaceSubrange(replacement.range, with: replacement.text.unicodeScalars)
        }
        var result = ""
        result.unicodeScalars.append(contentsOf: text)
        return LinesEdit(index..<index + 1, [TextLine(result, end: line.end)])
    }

    /// Positions count Unicode scalars, as the columns of Yams do.
    private struct Replacement {
        let range: Range<Int>
        let text: String
    }
}
