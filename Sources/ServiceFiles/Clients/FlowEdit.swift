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

    /// Sets members whose values are times, or lists of times.
    func setting(_ members: [MemberText]) throws -> [LinesEdit] {
        guard let mapping else { return [] }
        var replacements: [Int: [Replacement]] = [:]
        var new: [String] = []
        for member in members {
            guard let value = member.value else { continue }
            if let place = mapping.keys.firstIndex(where: { $0.string == member.name }) {
                guard let mark = mapping.values[place].mark else { throw ClientsFileEditError.unusualLayout }
                let text = Array(lines[mark.line - 1].text.unicodeScalars)
                let start = mark.column - 1
                replacements[mark.line - 1, default: []].append(
                    Replacement(range: start..<Self.end(of: text, from: start), text: value))
            } else {
                new.append("\(member.name): \(value)")
            }
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

    /// The position after a value that is a time, or a list of times.
    private static func end(of text: [Unicode.Scalar], from start: Int) -> Int {
        guard start < text.count else { return start }
        let rest = text[(start + 1)...]
        switch text[start] {
        case "[": return rest.firstIndex(of: "]").map { $0 + 1 } ?? text.count
        case "\"", "'": return rest.firstIndex(of: text[start]).map { $0 + 1 } ?? text.count
        default: return rest.firstIndex { [" ", ",", "}"].contains($0) } ?? text.count
        }
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
