import Foundation
package import SystemPackage

/// A file or folder that could not be read or written, and why.
package struct FileError: Error, Sendable, CustomStringConvertible {
    /// The file or folder.
    package let path: FilePath
    private let reason: String

    init(_ path: FilePath, _ error: any Error) {
        self.path = path
        reason = SystemReason(error).description
    }

    /// The path, and the system's reason.
    package var description: String { "\(path): \(reason)" }

    /// Runs `body` and says which file its error is about; errors that say so themselves pass as they are.
    static func naming<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error where error is Errno || error is CocoaError {
            throw FileError(path, error)
        }
    }
}

/// Why something could not be done with a file: in the system's own words, where it has said so.
struct SystemReason: CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        let underlying = (error as? CocoaError)?.underlying ?? error
        let code = (underlying as? Errno) ?? (underlying as? POSIXError).map { Errno(rawValue: $0.code.rawValue) }
        description = code?.description.lowercased() ?? (error as? CocoaError)?.localizedDescription ?? "\(error)"
    }
}
