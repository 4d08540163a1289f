import Foundation
import NIOHTTP1
import TestSupport

/// A recorded exchange: a request file and a file with the expected response.
///
/// Both are HTTP messages: a first line, fields, an empty line, a body. Only the response fields in the file are
/// compared, so that each file shows the fields of its rule. A field with the value `(absent)` must not be in the
/// response. In requests `{{basic USER:PASSWORD}}` stands for the base64 of what it holds, `{{fill N}}` for N octets
/// `{{refresh NAME}}` for a token of ``RefreshTokenFixture``, and `{{identity NAME}}` for the token of a platform in
/// `identities/NAME.json`. In responses `{{refresh N}}` stands for any refresh
/// token of N characters.
struct Exchange: Sendable {
    let name: String
    let request: Message
    let response: Message

    struct Message: Sendable {
        let firstLine: String
        let fields: [(name: String, value: String)]
        let body: String

        init(_ text: String) {
            let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
            var lines = parts[0].split(separator: "\n").map(String.init)
            firstLine = lines.removeFirst()
            fields = lines.map { line in
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                return (String(line[..<colon]), line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
            }
            body = parts.count > 1 ? String(parts[1]).trimmingCharacters(in: .newlines) : ""
        }
    }

    /// All exchanges in a folder of Tests/Exchanges, by name.
    static func all(
        _ folder: String, refreshTokens: [String: String], identities: [String: String] = [:]
    ) throws -> [Exchange] {
        let url = Self.folder(folder)
        return try TestVectors.files(in: url).filter { $0.pathExtension == "request" }.map { file in
            let response = file.deletingPathExtension().appendingPathExtension("response")
            return Exchange(
                name: "\(folder)/\(file.deletingPathExtension().lastPathComponent)",
                request: Message(expand(try String(contentsOf: file, encoding: .utf8), refreshTokens, identities)),
                response: Message(try String(contentsOf: response, encoding: .utf8)))
        }
    }

    var method: HTTPMethod { HTTPMethod(rawValue: String(request.firstLine.prefix { $0 != " " })) }

    var target: String {
        String(request.firstLine.split(separator: " ")[1])
    }

    /// A folder of Tests/Exchanges.
    static func folder(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Exchanges/\(name)")
    }

    private static func expand(
        _ text: String, _ refreshTokens: [String: String], _ identities: [String: String]
    ) -> String {
        text.replacing(/\{\{basic ([^}]*)\}\}/) { Data($0.output.1.utf8).base64EncodedString() }
            .replacing(/\{\{refresh ([^}]*)\}\}/) { refreshTokens[String($0.output.1)] ?? "(no such token)" }
            .replacing(/\{\{identity ([^}]*)\}\}/) { identities[String($0.output.1)] ?? "(no such token)" }
            .replacing(/\{\{fill ([0-9]+)\}\}/) { String(repeating: "x", count: Int($0.output.1) ?? 0) }
    }
}
