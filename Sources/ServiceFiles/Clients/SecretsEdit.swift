import AccessToken
import OAuth
import Yams

/// Replaces the secrets of one client in the lines of `client_secrets`. Lines of secrets that stay are changed as little
/// as possible, and comments on lines of their own stay.
struct SecretsEdit {
    /// From the line of the key `client_secrets` on.
    private let lines: [TextLine]
    /// The column of the key, from 0.
    private let column: Int
    /// The index of the first of the lines in the file, from 0.
    private let firstLine: Int

    init(_ lines: [TextLine], column: Int, firstLine: Int) {
        self.lines = lines
        self.column = column
        self.firstLine = firstLine
    }

    /// - Parameters:
    ///   - list: the value of `client_secrets`.
    ///   - secrets: a new one, and those of the list that stay, in their order.
    func replacing(_ list: Node, with secrets: [ClientSecret]) -> [TextLine] {
        guard let new = secrets.first, let items = items(of: list) else { return rewritten(secrets) }
        var staying = secrets.dropFirst()
        var result = [lines[0]]
        let newLine = line("- hash: \"\(new.hash)\"", indentation: lines[items[0].lines.lowerBound].indentation)
        for (index, item) in items.enumerated() {
            let secret = staying.first.flatMap { $0.hash.description == item.hash ? $0 : nil }
            if secret != nil { staying.removeFirst() }
            // Comments above the first secret are about it if it stays, and else about what takes its place.
            let start = index == 0 ? 1 : item.lines.lowerBound
            if index == 0, secret != nil { result.append(newLine) }
            result += lines[start..<item.lines.lowerBound]
            if index == 0, secret == nil { result.append(newLine) }
            if let secret {
                result += item.lines.flatMap { item.changed(lines[$0], at: $0, to: secret) }
            } else {
                result += lines[item.lines].filter { $0.isComment || $0.isBlank }
            }
        }
        return staying.isEmpty ? result : rewritten(secrets)
    }

    private func line(_ text: String, indentation: Int) -> TextLine {
        TextLine(String(repeating: " ", count: indentation) + text, end: lines[0].end)
    }

    /// All secrets written anew, below the comments that there are.
    private func rewritten(_ secrets: [ClientSecret]) -> [TextLine] {
        let beginning = String(decoding: lines[0].text.utf8.prefix(column), as: UTF8.self)
        var result = [lines[0].withText(beginning + "client_secrets:")]
        for comment in lines.dropFirst().map(\.comment) where !comment.isEmpty {
            result.append(line(String(comment.drop { $0 == " " }), indentation: column + 2))
        }
        for secret in secrets {
            result.append(line("- hash: \"\(secret.hash)\"", indentation: column + 2))
            guard let end = secret.expiresAt else { continue }
            result.append(line("expires_at: \(end.rfc3339)", indentation: column + 4))
        }
        return result
    }

    /// The secrets of the list; `nil` if not each of them has lines of its own, which begin with a dash.
    private func items(of list: Node) -> [Item]? {
        guard let sequence = list.sequence, !sequence.isEmpty else { return nil }
        let starts = sequence.map { ($0.mark?.line ?? 0) - 1 - firstLine }
        guard starts[0] > 0, zip(starts, starts.dropFirst() + [lines.count]).allSatisfy({ $0 < $1 }) else { return nil }
        var items: [Item] = []
        for (index, node) in sequence.enumerated() {
            let range = starts[index]..<(index + 1 < starts.count ? starts[index + 1] : lines.count)
            guard lines[range.lowerBound].isElement,
                let item = Item(node, lines: range, firstLine: firstLine, text: lines[range.lowerBound].text)
            else { return nil }
            items.append(item)
        }
        return items
    }
}

/// A secret that has lines of its own.
private struct Item {
    let lines: Range<Int>
    let hash: String
    private let isInBraces: Bool
    private let expiresAt: NumericDate?
    /// The line and column of the key `hash`.
    private let hashPlace: (line: Int, column: Int)
    /// The line and column of the key `expires_at`; `nil` if there is none.
    private let expiryPlace: (line: Int, column: Int)?

    /// - Parameter text: the first line.
    /// - Returns: `nil` for another layout than one line for each member, or one for all of them.
    init?(_ node: Node, lines: Range<Int>, firstLine: Int, text: String) {
        guard let mapping = node.mapping, let column = node.mark?.column else { return nil }
        func place(_ mark: Mark?) -> (line: Int, column: Int)? {
            mark.map { ($0.line - 1 - firstLine, $0.column - 1) }
        }
        var places: [String: (line: Int, column: Int)] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let keyPlace = place(key.mark), let valuePlace = place(value.mark),
                lines.contains(keyPlace.line), keyPlace.line == valuePlace.line
            else { return nil }
            places[name] = keyPlace
        }
        guard let hash = mapping["hash"]?.scalar?.string, let hashPlace = places["hash"] else { return nil }
        isInBraces = text.utf8.dropFirst(column - 1).first == UInt8(ascii: "{")
        let isFirstKey = places.values.contains { $0 == (lines.lowerBound, column - 1) }
        guard isInBraces ? places.values.allSatisfy({ $0.line == lines.lowerBound }) : isFirstKey else { return nil }
        expiresAt = mapping["expires_at"]?.scalar.flatMap { try? NumericDate(rfc3339: $0.string) }
        expiryPlace = places["expires_at"]
        self.hash = hash
        self.hashPlace = hashPlace
        self.lines = lines
    }

    /// What becomes of a line if the secret gets another end.
    func changed(_ line: TextLine, at index: Int, to secret: ClientSecret) -> [TextLine] {
        guard let end = secret.expiresAt, end != expiresAt else { return [line] }
        let member = "expires_at: \(end.rfc3339)"
        if isInBraces {
            guard index == lines.lowerBound else { return [line] }
            let beginning = String(repeating: " ", count: line.indentation)
            return [line.withText("\(beginning)- { hash: \"\(hash)\", \(member) }")]
        }
        if let expiryPlace {
            guard index == expiryPlace.line else { return [line] }
            return [line.withText(String(decoding: line.text.utf8.prefix(expiryPlace.column), as: UTF8.self) + member)]
        }
        guard index == hashPlace.line else { return [line] }
        return [line, TextLine(String(repeating: " ", count: hashPlace.column) + member, end: line.end)]
    }
}
