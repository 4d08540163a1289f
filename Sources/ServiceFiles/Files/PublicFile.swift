import Foundation
package import SystemPackage

/// A file that decides something and holds no secret, such as public keys or the certificates of authorities.
package struct PublicFile: Sendable {
    private let path: FilePath
    private let access: FileAccess
    private let limit: Limit

    /// The largest file that is read.
    package struct Limit: Sendable {
        let octets: Int
        let text: String

        /// The certificates of authorities.
        static let certificates = Limit(octets: 4 << 20, text: "4 MiB")
        /// A JWK Set.
        package static let keySet = Limit(octets: 256 * 1024, text: "256 KiB")
        /// The keys of a trusted issuer: `jwks_file`, or `spiffe_bundle` with a path.
        static let issuerKeys = Limit(octets: 1 << 20, text: "1 MiB")
    }

    /// - Parameter access: decides whose files are accepted.
    package init(_ path: FilePath, _ access: FileAccess, limit: Limit) {
        self.path = path
        self.access = access
        self.limit = limit
    }

    /// Reads the file, which may be replaced at any time.
    ///
    /// - Parameter mayBePipe: whether to wait for the writer of a pipe.
    /// - Throws: if other users can change the file, or if it cannot be read.
    package func contents(mayBePipe: Bool = false) throws(UnusableFile) -> [UInt8] {
        do {
            let descriptor = try TrustedFile.open(path, access, mayBePipe: mayBePipe)
            return try descriptor.closeAfter {
                let type = try descriptor.stat().type
                guard type == .regular || mayBePipe && type == .fifo else { throw unusable("is not a regular file") }
                return try read(FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: false))
            }
        } catch let error as UnusableFile {
            throw error
        } catch let error as UntrustedFile {
            throw UnusableFile(problem: error.problem)
        } catch {
            throw unusable("cannot be read: \(SystemReason(error))")
        }
    }

    private func read(_ file: FileHandle) throws -> [UInt8] {
        var octets: [UInt8] = []
        // A pipe gives what there is.
        while octets.count <= limit.octets, let part = try file.read(upToCount: limit.octets + 1), !part.isEmpty {
            octets += part
        }
        guard octets.count <= limit.octets else { throw unusable("is larger than \(limit.text)") }
        return octets
    }

    /// The error for a file whose contents cannot be used.
    package func unusable(_ message: String, hint: String? = nil) -> UnusableFile {
        UnusableFile(problem: problem(inLine: nil, message, hint: hint))
    }

    func problem(inLine line: Int?, _ message: String, hint: String?) -> Problem {
        Problem(.file(path.string, line: line), message, hint: hint)
    }
}

/// A file that cannot be used now.
package struct UnusableFile: Error, CustomStringConvertible {
    package let problem: Problem

    /// Place and message, in one line.
    package var description: String { "\(problem.place): \(problem.message)" }
}
