import AccessToken
import OAuth
import Yams

/// The lines of `clients.yaml` and the positions of its entries.
struct ClientsDocument {
    private var lines: TextLines
    private let entries: [Node]
    /// The index of the line that begins with `clients:`, from 0.
    private let header: Int

    init(_ yaml: YAMLText) throws {
        guard let mapping = yaml.root?.mapping, let key = mapping.keys.first(where: { $0.scalar?.string == "clients" }),
            let sequence = mapping["clients"]?.sequence, let line = key.mark?.line
        else { throw ClientsFileEditError.unusualLayout }
        lines = TextLines(yaml.text)
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

    var text: String { lines.text }

    /// Appends an entry after the others.
    mutating func append(_ client: NewClient) {
        if entries.isEmpty { lines[header] = lines[header].withText("clients:") }
        let indentation = String(repeating: " ", count: entries.isEmpty ? 2 : dashColumn(of: 0))
        let block = client.yamlLines.enumerated().map { index, line in
            indentation + (index == 0 ? "- " : "  ") + line
        }
        lines.insert(block, at: entries.isEmpty ? header + 1 : endOfEntry(entries.count - 1))
    }

    /// Removes an entry and the comment directly above it.
    mutating func removeEntry(_ index: Int) {
        let end = endOfEntry(index)
        var start = firstLine(of: index)
        while start > header + 1, lines[start - 1].isComment { start -= 1 }
        lines.remove(start..<end)
        if entries.count == 1 { lines[header] = lines[header].withText("clients: []") }
    }

    /// Replaces the list of secrets of an entry. Secrets that stay keep their lines, with the comments on them.
    ///
    /// - Parameter secrets: the first one is new, and the others are among the present ones, in their order. Their ends
    ///   may differ.
    mutating func replaceSecrets(ofEntry index: Int, with secrets: [ClientSecret]) {
        guard let mapping = entries[index].mapping,
            let place = mapping.keys.firstIndex(where: { $0.string == "client_secrets" }),
            let mark = mapping.keys[place].mark
        else { return }
        let next = mapping.keys.index(after: place)
        let limit = next < mapping.keys.endIndex ? (mapping.keys[next].mark?.line ?? 1) - 1 : endOfEntry(index)
        let first = mark.line - 1
        guard first < lines.count else { return }
        let part = first..<max(trimmingBlankAndComments(from: mark.line, to: limit), first + 1)
        let edit = SecretsEdit(lines[part], column: mark.column - 1, firstLine: first)
        lines.replace(part, with: edit.replacing(mapping.values[place], with: secrets))
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
