package import Libcrypto
package import SystemPackage
import WireText

/// The file of a client's own secret.
package enum SecretFile {
    /// The longest secret that is read from standard input, in octets.
    package static let maximumSize = 4096

    /// Reads the secret. The file may be a pipe of the shell.
    ///
    /// - Returns: the text without a byte order mark in front and without line ends behind: a secret has neither.
    /// - Throws: ``InvalidConfiguration`` if other users can access the file or change it, or if it holds no secret.
    package static func read(_ path: FilePath) throws(InvalidConfiguration) -> String {
        let contents: SecretBytes
        do { contents = try KeyFile.ownSecret(in: path) } catch {
            throw InvalidConfiguration([KeyFile.problem(with: path, error)])
        }
        return try contents.withBytes { (octets) throws(InvalidConfiguration) in
            var end = octets.count
            while end > 0, octets[end - 1] == UInt8(ascii: "\n") || octets[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            let start = octets.hasByteOrderMark ? 3 : 0
            guard start < end else { throw problem(path, "holds no secret") }
            let line = octets.extracting(start..<end)
            guard !line.hasLineBreak else { throw problem(path, "holds more than one line: a secret is one") }
            let text = line.indices.map { line[$0] }
            guard let secret = String(validating: text, as: UTF8.self) else { throw problem(path, "is not UTF-8") }
            return secret
        }
    }

    /// Reads a secret that the service sends to another server, and that may be replaced at any time: without the line ends
    /// behind it.
    ///
    /// - Parameters:
    ///   - access: decides whose files are accepted.
    ///   - what: the secret and its form, for the error: "password: one line of UTF-8".
    ///   - isAcceptable: whether a text that is not empty has the form.
    /// - Throws: if other users can read or change the file, or if it holds no such secret.
    static func line(
        in path: FilePath, _ access: FileAccess, holding what: String, where isAcceptable: (Octets) -> Bool
    ) throws(UnusableFile) -> String {
        let text: String?
        do {
            text = try KeyFile.contents(of: path, isSecret: true, access).withBytes { octets in
                String(validating: octets.indices.map { octets[$0] }, as: UTF8.self)
            }
        } catch {
            throw UnusableFile(problem: KeyFile.problem(with: path, error))
        }
        guard let line = text.map(withoutLineEnds), !line.isEmpty, isAcceptable(Octets(line)) else {
            throw UnusableFile(problem: Problem(.file(path.string, line: nil), "holds no \(what)"))
        }
        return line
    }

    /// Reads a secret that the service presents in another place, and that may be replaced at any time: without the line end
    /// behind it.
    ///
    /// - Parameter isPrivate: whether to refuse a file that other users can read. A kubelet makes one that they can.
    /// - Throws: if other users can change the file, or if it is not one line.
    package static func secret(
        in path: FilePath, isPrivate: Bool = true, _ access: FileAccess
    ) throws(UnusableFile) -> SecretBytes {
        do {
            let secret = try KeyFile.contents(of: path, isSecret: isPrivate, access).droppingLineBreak()
            if secret.withBytes({ !$0.isEmpty && !$0.hasLineBreak && !$0.hasByteOrderMark }) { return secret }
        } catch {
            throw UnusableFile(problem: KeyFile.problem(with: path, error))
        }
        throw UnusableFile(
            problem: Problem(.file(path.string, line: nil), "is not a secret of one line without a byte order mark"))
    }

    /// The secret in a text: without a byte order mark, and without the line ends that editors and `echo` leave. No secret
    /// that Writ makes begins or ends with one.
    package static func withoutLineEnds(_ text: String) -> String {
        let secret = Octets(text)
        let mark = "\u{FEFF}"
        return (secret.begins(with: mark) ? secret.dropFirst(mark.utf8.count) : secret).withoutLineEnds.text
    }

    private static func problem(_ path: FilePath, _ message: String) -> InvalidConfiguration {
        InvalidConfiguration([Problem(.file(path.string, line: nil), message)])
    }
}
