import JOSE
import WireText

/// An answer of Vault without success: `{"errors":["permission denied"]}`.
struct VaultRefusal: Sendable {
    /// The most octets of a text of Vault's that are shown.
    static let longestText = 200

    let status: UInt
    /// The first of Vault's texts on one line, without what a terminal does not show; `nil` if there is none, or if it holds
    /// a secret that was sent.
    private let text: String?
    /// Whether the answer is `{"errors":[]}`: so Vault says that there is nothing at a path.
    let hasEmptyErrors: Bool

    /// - Parameter secrets: what was sent with the request.
    init(status: UInt, body: [UInt8], hiding secrets: [VaultToken]) {
        self.status = status
        let errors = (try? JSONReader.read(body))?.object?["errors"]?.array
        hasEmptyErrors = errors?.isEmpty == true
        let line = errors?.first?.string.map { Self.line($0) }
        text = line.flatMap { line in
            line.isEmpty || secrets.contains { $0.occurs(in: line) } ? nil : Self.beginning(of: line)
        }
    }

    /// For the end of an error: " (status 400: invalid role name)".
    var suffix: String { " (status \(status)\(text.map { ": \($0)" } ?? ""))" }

    /// Vault's texts have line feeds and tabs in them.
    private static func line(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        var isAfterBlank = true
        for scalar in text.unicodeScalars {
            let isBlank = scalar.value == 0x20 || !VisibleText.shows(scalar)
            if !isBlank || !isAfterBlank { line.append(isBlank ? " " : scalar) }
            isAfterBlank = isBlank
        }
        if isAfterBlank, !line.isEmpty { line.removeLast() }
        return String(line)
    }

    private static func beginning(of line: String) -> String {
        guard line.utf8.count > longestText else { return line }
        var beginning = String.UnicodeScalarView()
        var count = 0
        for scalar in line.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= longestText else { break }
            beginning.append(scalar)
        }
        return String(beginning)
    }
}
