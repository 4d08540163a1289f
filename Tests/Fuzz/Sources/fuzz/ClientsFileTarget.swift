import AccessToken
import Foundation
import Libcrypto
import OAuth
import SystemPackage

@testable import ServiceFiles

/// `clients.yaml`: both readers of YAML, the entries, and the changes that the command line makes.
///
/// An input is a file; and it is the name of a client that is written to one.
final class ClientsFileTarget: FuzzTarget {
    private static let path: FilePath = "clients.yaml"
    private let hash: ClientSecretHash
    private let largeFile: URL

    init() throws {
        hash = try ClientSecretHash(of: "fuzz")
        largeFile = FileManager.default.temporaryDirectory.appending(path: "writ-fuzz-\(getpid()).yaml")
    }

    func parse(_ octets: [UInt8]) {
        guard let text = String(validating: octets, as: UTF8.self) else { return }
        _ = PlainYAML.read(octets)
        _ = try? ClientsFile.clients(in: YAMLText(path: Self.path, text: text))
    }

    func run(_ input: Input) throws {
        guard let text = input.text else { return }
        checkReaders(of: text)
        try checkName(text)
        let outcome = ClientsOutcome { () throws(InvalidConfiguration) in
            try ClientsFile.clients(in: YAMLText(path: Self.path, text: text))
        }
        guard case .clients = outcome else { return }
        try checkChanges(of: text, input)
        if input.isChosen(oneIn: 256) { try checkPieces(of: text) }
    }

    /// The quick reader leaves alone what it would read otherwise than Yams.
    private func checkReaders(of text: String) {
        guard let plain = PlainYAML.read(Array(text.utf8)) else { return }
        let node = try? YamsNode.parse(text)
        require(node.map(YAMLOutline.init)?.text == YAMLOutline(plain).text, "both readers agree")
    }

    /// What `writ clients add` writes.
    private func checkName(_ name: String) throws {
        // Foundation, of whose making Yams' texts are, takes it for a byte order mark and drops it.
        guard name.unicodeScalars.first != "\u{FEFF}" else { return }
        let client = NewClient(
            id: try ClientID("fuzz"), name: name, credential: .secret(hash), scope: .empty)
        let lines = client.yamlLines.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        let yaml = try YAMLText(path: Self.path, text: "clients:\n" + lines.joined(separator: "\n") + "\n")
        let read = try ClientsFile.clients(in: yaml)
        require(read.count == 1 && read[0].name.map { Array($0.utf8) } == Array(name.utf8), "a name is read as written")
    }

    /// What becomes of the file is checked by whoever changes it; here it is enough that it can be tried.
    private func checkChanges(of text: String, _ input: Input) throws {
        let yaml = try YAMLText(path: Self.path, text: text)
        let clients = try ClientsFile.clients(in: yaml)
        for date in clients.flatMap({ $0.secrets.compactMap(\.expiresAt) }) {
            require(try NumericDate(rfc3339: date.rfc3339) == date, "a time is read as it was written")
        }
        guard var document = try? ClientsDocument(yaml) else { return }
        require(document.text.split(separator: "\n") == text.split(separator: "\n"), "a file stays as it is")
        if !clients.isEmpty {
            let index = input.choice(1, below: clients.count)
            var changed = document
            changed.replaceSecrets(
                ofEntry: index, with: [ClientSecret(hash: hash), ClientSecret(hash: hash, expiresAt: NumericDate(0))])
            var shorter = document
            shorter.removeEntry(index)
        }
        document.append(NewClient(id: try ClientID("fuzz"), credential: .secret(hash), scope: .empty))
    }

    /// A large file is read in pieces, and comes to the same.
    private func checkPieces(of text: String) throws {
        guard let start = text.range(of: "\n  - ")?.lowerBound else { return }
        let entries = String(text[start...])
        let times = 300 * 1024 / entries.utf8.count + 1
        let large = text[..<start] + String(repeating: entries, count: times) + "\n"
        try Data(large.utf8).write(to: largeFile)
        defer { try? FileManager.default.removeItem(at: largeFile) }
        let path = FilePath(largeFile.path(percentEncoded: false))
        let inPieces = ClientsOutcome { () throws(InvalidConfiguration) in try ClientsFile.clients(in: path) }
        let whole = ClientsOutcome { () throws(InvalidConfiguration) in
            try ClientsFile.clients(in: YAMLText(path: path, text: String(large)))
        }
        require(inPieces == whole, "pieces come to the same as the whole")
    }
}

/// What became of a file.
private enum ClientsOutcome: Equatable {
    case clients([String])
    case problems([Problem])

    init(_ read: () throws(InvalidConfiguration) -> [Client]) {
        do throws(InvalidConfiguration) {
            self = .clients(try read().map(\.id.description))
        } catch {
            self = .problems(error.problems)
        }
    }
}

/// A node of YAML with everything in it that readers of clients look at.
private struct YAMLOutline {
    let text: String

    init(_ node: some YAMLNode) {
        let content =
            if let value = node.singleValue {
                "\(value.style) \(value.text.debugDescription)"
            } else if let elements = node.elements {
                "[\(elements.map { YAMLOutline($0).text }.joined(separator: ", "))]"
            } else if let members = node.members {
                "{\(members.map { "\($0.name ?? "?")@\($0.line ?? 0): \(YAMLOutline($0.value).text)" }.joined(separator: ", "))}"
            } else {
                "?"
            }
        text = "\(content)@\(node.line ?? 0)"
    }
}
