package import Libcrypto
package import OAuth
package import SystemPackage

/// A file with the certificates of authorities in PEM: `ca_file`. It decides which servers are trusted.
package struct CertificateAuthoritiesFile: Sendable {
    private let file: PublicFile

    /// - Parameter access: decides whose files are accepted.
    package init(_ path: FilePath, _ access: FileAccess) {
        file = PublicFile(path, access, limit: .certificates)
    }

    /// The files that clients name beside their `jwks_uri`, each once.
    package static func paths(of clients: [Client]) -> [FilePath] {
        let paths = clients.compactMap { client -> String? in
            if case .remote(let location) = client.keys { location.caFile } else { nil }
        }
        return Set(paths).sorted().map { FilePath($0) }
    }

    /// Reads the file, which may be replaced at any time.
    ///
    /// - Throws: if other users can change the file, or if it cannot be read.
    package func contents() throws(UnusableFile) -> [UInt8] { try file.contents() }

    /// The problem with contents that are not certificates.
    package func problem(_ error: CertificateError, in contents: [UInt8]) -> Problem {
        guard case .undecodable(let position) = error else { return unusable(error.description).problem }
        return problem(withCertificate: position, of: contents, error.description, hint: Self.hint)
    }

    /// The problem with one of several certificates.
    ///
    /// - Parameter position: from 1.
    package func problem(
        withCertificate position: Int, of contents: [UInt8], _ message: String, hint: String?
    ) -> Problem {
        var (line, count) = (0, 0)
        let beginnings = Certificate.pemLabels.map { "-----BEGIN \($0)-----" }
        for part in contents.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            if beginnings.contains(where: { part.starts(with: $0.utf8) }) { count += 1 }
            if count == position { return file.problem(inLine: line, message, hint: hint) }
        }
        return file.problem(inLine: nil, message, hint: hint)
    }

    /// The error for a file whose contents cannot be used.
    package func unusable(_ message: String) -> UnusableFile {
        file.unusable(message, hint: Self.hint)
    }

    private static let hint = "certificates in PEM: -----BEGIN CERTIFICATE-----, one below the other"
}
