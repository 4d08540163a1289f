import AccessToken
import OAuth
import Yams

/// The lines of `clients.yaml` and the positions of its entries.
struct ClientsDocument {
    private var lines: [String]
    private let entries: [Node]
    /// The index of the line that begins with `clients:`, from 0.
    private let header: Int

    init(_ yaml: YAMLText) throws {
        guard let mapping = yaml.root?.mapping, let key = mapping.keys.first(where: { $0.scalar?.string == "clients" }),
            let sequence = mapping["clients"]?.sequence, let line = key.mark?.line
        else { throw ClientsFileEditError.unusualLayout }
        // YAML also breaks lines at these characters. Only files that break lines at line feeds are edited.
        let otherBreaks: Set<Unicode.Scalar> = ["\r", "\u{85}", "\u{2028}", "\u{2029}"]
        guard !yaml.text.unicodeScalars.contains(where: otherBreaks.contains) else {
            throw ClientsFileEditError.unusualLayout
        }
        lines = yaml.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        entries = Array(sequence)
        header = line - 1
        guard isBlockOfEntries else { throw ClientsFileEditError.unusualLayout }
    }

    /// Whether each entry begins on a line of its own, with a dash, below the header and the entry before it.
    private var isBlockOfEntries: Bool {
        var previous = header
        for index in entries.indices {
            let line = firstLine(of: index)
            guard line > previous, line < lines.count, lines[line].drop(while: { $0 == " " }).hasPrefix("- ") else {
                return false
            }
            previous = line
        }
        return header < lines.count
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    /// Appends an entry after the others.
    mutating func append(_ client: NewClient) {
        if entries.isEmpty {
            let comment = lines[header].firstIndex(of: "#").map { "   " + lines[header][$0...] } ?? ""
            lines[header] = "clients:" + comment
        }
        let indentation = String(repeating: " ", count: entries.isEmpty ? 2 : dashColumn(of: 0))
        let block = client.yamlLines.enumerated().map { index, line in
            indentation + (index == 0 ? "- " : "  ") + line
        }
        let end = entries.isEmpty ? header + 1 : endOfEntry(entries.count - 1)
        lines.insert(contentsOf: block, at: end)
    }

    /// Removes an entry and the comment directly above it.
    mutating func removeEntry(_ index: Int) {
        let end = endOfEntry(index)
        var start = firstLine(of: index)
        while start > header + 1, isComment(lines[start - 1]) { start -= 1 }
        lines.removeSubrange(start..<end)
        if entries.count == 1 { lines[header] = "clients: []" }
    }

    /// Replaces the list of secrets of an entry.
    mutating func replaceSecrets(ofEntry index: Int, with secrets: [ClientSecret]) {
        guard let mapping = entries[index].mapping,
            let place = mapping.keys.firstIndex(where: { $0.string == "client_secrets" }),
            let mark = mapping.keys[place].mark
        else { return }
        let next = mapping.keys.index(after: place)
        let limit = next < mapping.keys.endIndex ? (mapping.keys[next].mark?.line ?? 1) - 1 : endOfEntry(index)
        let start = mark.line
        let end = trimmingBlankAndComments(from: start, to: limit)
        let indentation = String(repeating: " ", count: mark.column - 1)
        var block: [String] = []
        for secret in secrets {
            block.append("\(indentation)  - hash: \"\(secret.hash)\"")
            if let expiry = secret.expiresAt {
                block.append("\(indentation)    expires_at: \(expiry.rfc3339)")
            }
        }
        lines[start - 1] = lines[start - 1].prefix { $0 != ":" } + ":"
        lines.replaceSubrange(start..<max(end, start), with: block)
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

    private func dashColumn(of index: Int) -> Int {
        lines[firstLine(of: index)].prefix { $0 == " " }.count
    }

    /// Whether a line can belong to an entry whose dash is in this column.
    private func isInside(_ line: String, dashColumn: Int) -> Bool {
        line.allSatisfy { $0 == " " } || isComment(line) || line.prefix { $0 == " " }.count > dashColumn
    }

    private func trimmingBlankAndComments(from start: Int, to limit: Int) -> Int {
        var end = limit
        while end > start, lines[end - 1].allSatisfy({ $0 == " " }) || isComment(lines[end - 1]) { end -= 1 }
        return end
    }

    private func isComment(_ line: String) -> Bool {
        line.drop { $0 == " " }.hasPrefix("#")
    }
}
