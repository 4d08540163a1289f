import AccessToken
import OAuth
import Yams

/// The lines of `clients.yaml` and the positions of its entries. Positions and lines are those before the edits.
struct ClientsDocument {
    private let lines: TextLines
    private let root: Node.Mapping
    private let entries: [Node]
    /// The index of the line that begins with `clients:`, from 0.
    private let header: Int
    private var edits: [LinesEdit] = []

    init(_ yaml: YAMLText) throws {
        guard let mapping = yaml.root?.mapping, let key = mapping.keys.first(where: { $0.scalar?.string == "clients" }),
            let sequence = mapping["clients"]?.sequence, let line = key.mark?.line
        else { throw ClientsFileEditError.unusualLayout }
        lines = TextLines(yaml.text)
        root = mapping
        entries = Array(sequence)
        header = line - 1
        guard isBlockOfEntries else { throw ClientsFileEditError.unusualLayout }
    }

    /// Whether each entry begins on a line of its own, with a dash, below the header and the entry before it.
    private var isBlockOfEntries: Bool {
        var previous = header
        for index in entries.indices {
            let line = firstLine(of: index)
            guard line > previous, line < lines.count, lines[line].isElement else { return false }
            previous = line
        }
        return header < lines.count
    }

    /// The text after the edits.
    var text: String {
        var lines = lines
        // From the end on, so that the lines before an edit keep their numbers.
        for edit in edits.sorted(by: { $0.isBehind($1) }) { lines.replace(edit.range, with: edit.lines) }
        return lines.text
    }

    /// Appends entries after the others. It must be called once.
    ///
    /// - Parameter new: the lines of each, without the leading dash and indentation.
    mutating func append(_ new: [[String]]) {
        if entries.isEmpty { edits.append(LinesEdit(header..<header + 1, [lines[header].withText("clients:")])) }
        let indentation = String(repeating: " ", count: entries.isEmpty ? 2 : dashColumn(of: 0))
        let block = new.flatMap { lines in
            lines.enumerated().map { index, line in indentation + (index == 0 ? "- " : "  ") + line }
        }
        insert(block, at: entries.isEmpty ? header + 1 : endOfEntry(entries.count - 1))
    }

    /// Removes entries and the comments directly above them.
    mutating func removeEntries(_ positions: [Int]) {
        for index in positions {
            var start = firstLine(of: index)
            while start > header + 1, lines[start - 1].isComment { start -= 1 }
            edits.append(LinesEdit(start..<endOfEntry(index), []))
        }
        guard positions.count == entries.count else { return }
        edits.append(LinesEdit(header..<header + 1, [lines[header].withText("clients: []")]))
    }

    /// Replaces the list of secrets of an entry. Secrets that stay keep their lines, with the comments on them.
    ///
    /// - Parameter secrets: the first one is new, and the others are among the present ones, in their order. Their ends
    ///   may differ.
    mutating func replaceSecrets(ofEntry index: Int, with secrets: [ClientSecret]) {
        guard let mapping = entries[index].mapping,
            let member = range(of: "client_secrets", in: mapping, end: endOfEntry(index)),
            let list = mapping["client_secrets"]
        else { return }
        let edit = SecretsEdit(lines[member.lines], column: member.column, firstLine: member.lines.lowerBound)
        edits.append(LinesEdit(member.lines, edit.replacing(list, with: secrets)))
    }

    /// Sets members of an entry, or takes them out.
    mutating func set(_ members: [MemberText], ofEntry index: Int) throws {
        guard let mapping = entries[index].mapping else { throw ClientsFileEditError.unusualLayout }
        if FlowEdit.isOpened(at: mapping.mark, by: "{", lines) {
            edits += try FlowEdit(mapping, lines).setting(members)
        } else {
            // New members come below the identifier.
            let place = mapping.keys.firstIndex { $0.string == "client_id" }
            guard let place, let line = mapping.values[place].mark?.line, let column = mapping.keys[place].mark?.column
            else { throw ClientsFileEditError.unusualLayout }
            set(
                members, in: mapping, end: endOfEntry(index), newAt: line,
                indentation: String(repeating: " ", count: column - 1))
        }
    }

    /// Sets settings that apply to all clients, each in one line.
    mutating func set(_ settings: [MemberText]) throws {
        guard !FlowEdit.isOpened(at: root.mark, by: "{", lines) else { throw ClientsFileEditError.unusualLayout }
        set(settings, in: root, end: lines.count, newAt: lineOfNewSettings, indentation: "")
    }

    /// Adds an element to a list that is a setting, without a change of its other elements.
    mutating func insert(_ element: String, intoSetting name: String) throws {
        guard let list = root[name]?.sequence, let mark = list.mark else { throw ClientsFileEditError.unusualLayout }
        if FlowEdit.isOpened(at: mark, by: "[", lines) {
            edits += FlowEdit(mark, lines).inserting(element, isOnly: list.isEmpty)
        } else {
            guard let first = list.first?.mark, lines[first.line - 1].isElement else {
                throw ClientsFileEditError.unusualLayout
            }
            let indentation = String(repeating: " ", count: lines[first.line - 1].indentation)
            insert([indentation + "- " + element], at: first.line - 1)
        }
    }

    /// The index of the line of a setting that is new: beside the others, or else above the line `clients:` and the comment
    /// that may be about it. All are on one side of the entries, since a large file is read in pieces then.
    private var lineOfNewSettings: Int {
        let names: [String] = root.keys.compactMap { $0.string }
        if let last = names.last(where: ClientsSettings.names.contains),
            let member = range(of: last, in: root, end: lines.count)
        {
            return member.lines.upperBound
        }
        var start = header
        while start > 0, lines[start - 1].isComment { start -= 1 }
        return start > 0 ? start : header
    }

    private mutating func set(
        _ members: [MemberText], in mapping: Node.Mapping, end: Int, newAt line: Int, indentation: String
    ) {
        var new: [String] = []
        for member in members {
            if let present = range(of: member.name, in: mapping, end: end) {
                edits.append(LinesEdit(present.lines, replacing(present, with: member)))
            } else {
                new += member.lines.map { indentation + $0 }
            }
        }
        if !new.isEmpty { insert(new, at: line) }
    }

    /// The lines of a member with its new value. Comments in it stay.
    private func replacing(_ present: MemberRange, with member: MemberText) -> [TextLine] {
        let first = lines[present.lines.lowerBound]
        let indentation = String(repeating: " ", count: present.column + 2)
        let comments = lines[present.lines].dropFirst().map(\.comment).filter { !$0.isEmpty }.map { comment in
            TextLine(indentation + comment.drop { $0 == " " }, end: first.end)
        }
        guard let text = member.lines.first else { return comments }
        let margin = String(repeating: " ", count: present.column)
        return [first.withText(String(decoding: first.text.utf8.prefix(present.column), as: UTF8.self) + text)]
            + member.lines.dropFirst().map { TextLine(margin + $0, end: first.end) } + comments
    }

    /// The lines of a member of a block mapping; `nil` if there is none.
    ///
    /// - Parameter end: the index of the line after the mapping.
    private func range(of name: String, in mapping: Node.Mapping, end: Int) -> MemberRange? {
        guard let place = mapping.keys.firstIndex(where: { $0.string == name }), let mark = mapping.keys[place].mark
        else { return nil }
        let next = mapping.keys.index(after: place)
        let limit = next < mapping.keys.endIndex ? (mapping.keys[next].mark?.line ?? 1) - 1 : end
        let first = mark.line - 1
        guard first < lines.count else { return nil }
        return MemberRange(
            lines: first..<max(trimmingBlankAndComments(from: mark.line, to: limit), first + 1),
            column: mark.column - 1)
    }

    /// Inserts lines that end as the line before them does.
    private mutating func insert(_ texts: [String], at index: Int) {
        let end = lines.count == 0 ? "\n" : lines[max(index, 1) - 1].end
        edits.append(LinesEdit(index..<index, texts.map { TextLine($0, end: end) }))
    }

    private func firstLine(of index: Int) -> Int {
        (entries[index].mark?.line ?? 1) - 1
    }

    /// The index of the line after an entry. Comments and blank lines above the next entry belong to the next entry.
    private func endOfEntry(_ index: Int) -> Int {
        let start = firstLine(of: index)
        if index + 1 < entries.count {
            let limit = firstLine(of: index + 1)
            return trimmingBlankAndComments(from: start + 1, to: limit)
        }
        var limit = start + 1
        while limit < lines.count, isInside(lines[limit], dashColumn: dashColumn(of: index)) { limit += 1 }
        return trimmingBlankAndComments(from: start + 1, to: limit)
    }

    private func dashColumn(of index: Int) -> Int { lines[firstLine(of: index)].indentation }

    /// Whether a line can belong to an entry whose dash is in this column.
    private func isInside(_ line: TextLine, dashColumn: Int) -> Bool {
        line.isBlank || line.isComment || line.indentation > dashColumn
    }

    private func trimmingBlankAndComments(from start: Int, to limit: Int) -> Int {
        var end = limit
        while end > start, lines[end - 1].isBlank || lines[end - 1].isComment { end -= 1 }
        return end
    }
}

/// The lines of a member of a block mapping.
private struct MemberRange {
    let lines: Range<Int>
    /// The column of the key, from 0.
    let column: Int
}

/// A member of a mapping as it is to be written.
struct MemberText {
    let name: String
    /// In one line; `nil` to leave the member out, or if it is ``below``.
    let value: String?
    /// The lines of a value that is not in one line.
    var below: [String] = []

    /// In one line.
    var text: String? { value.map { "\(name): \($0)" } }

    /// All lines, without indentation; none to leave the member out.
    var lines: [String] {
        guard below.isEmpty else { return ["\(name):"] + below.map { "  " + $0 } }
        return text.map { [$0] } ?? []
    }
}

/// Lines that take the place of others.
struct LinesEdit {
    let range: Range<Int>
    let lines: [TextLine]

    init(_ range: Range<Int>, _ lines: [TextLine]) {
        self.range = range
        self.lines = lines
    }

    /// Whether this one is nearer to the end of the file. An insertion comes before what it stands above.
    fileprivate func isBehind(_ other: LinesEdit) -> Bool {
        (range.lowerBound, range.upperBound) > (other.range.lowerBound, other.range.upperBound)
    }
}
