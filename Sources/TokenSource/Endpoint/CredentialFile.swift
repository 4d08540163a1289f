import Libcrypto
import NIOPosix
import RemoteKeys
import SystemPackage

/// A file with a credential of the client. It is read for each request, so that a replaced file counts for the next one.
struct CredentialFile: Sendable {
    /// The maximum size of a credential, in octets.
    static let maximumSize = 64 * 1024

    let path: String

    /// The file's contents, read on a thread that may wait for a disk.
    func contents() async throws(TokenSourceError) -> SecretBytes {
        let path = path
        do {
            return try await NIOThreadPool.singleton.runIfActive { try Self.read(path, limit: Self.maximumSize) }
        } catch {
            throw TokenSourceError(.unusableCredential, cause: error)
        }
    }

    /// The one line of text in the file, without a byte order mark in front and without line ends behind.
    func line() async throws(TokenSourceError) -> SecretBytes {
        let contents = try await contents()
        do {
            return try contents.withBytes { octets in try Self.line(in: octets, of: path) }
        } catch {
            throw TokenSourceError(.unusableCredential, cause: error)
        }
    }

    private static func line(in octets: Span<UInt8>, of path: String) throws -> SecretBytes {
        var end = octets.count
        while end > 0, isLineEnd(octets[end - 1]) { end -= 1 }
        let hasByteOrderMark = end >= 3 && octets[0] == 0xEF && octets[1] == 0xBB && octets[2] == 0xBF
        let start = hasByteOrderMark ? 3 : 0
        guard start < end else { throw CredentialFault(path, "it is empty") }
        for index in start..<end where isLineEnd(octets[index]) {
            throw CredentialFault(path, "it holds more than one line")
        }
        return try SecretBytes(copying: octets.extracting(start..<end))
    }

    private static func isLineEnd(_ octet: UInt8) -> Bool { octet == UInt8(ascii: "\n") || octet == UInt8(ascii: "\r") }

    /// Reads a file to its end. It blocks.
    ///
    /// - Parameter limit: the maximum size in octets.
    static func read(_ path: String, limit: Int) throws -> SecretBytes {
        let file: FileDescriptor
        do { file = try OpenFile.descriptor(of: path) } catch { throw CredentialFault(path, "\(error)") }
        defer { try? file.close() }
        guard let contents = try SecretBytes(readingFrom: file.rawValue, limit: limit) else {
            throw CredentialFault(path, "it cannot be read, or is larger than \(limit) octets")
        }
        return contents
    }
}
