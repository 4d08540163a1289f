import Foundation
package import SystemPackage

/// A file or folder that could not be read or written, and the reason.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file or folder.
    package let path: FilePath
    private let reason: String

    init(_ path: FilePath, _ error: any Error) {
        self.path = path
        reason = SystemReason(error).description
    }

    /// The path, and the system's reason.
    package var description: String { "\(path): \(reason)" }

    /// Runs `body` and adds the path to a system error. Errors that already name their file are rethrown unchanged.
    static func naming<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error where error is Errno || error is CocoaError {
            throw FileError(path, error)
        }
    }
}

/// The reason a file operation failed, in the words of the system if it gave any.
struct SystemReason: CustomStringConvertible {
    let description: String
    /// Whether another user may do it.
    let isMissingPermission: Bool

    init(_ error: any Error) {
        let underlying = (error as? CocoaError)?.underlying ?? error
        let code = (underlying as? Errno) ?? (underlying as? POSIXError).map { Errno(rawValue: $0.code.rawValue) }
        description = code?.description.lowercased() ?? (error as? CocoaError)?.localizedDescription ?? "\(error)"
        isMissingPermission = code == .permissionDenied
    }
}

extension Problem {
    /// The problem with a file or folder that cannot be read.
    init(unreadable path: FilePath, _ error: any Error) {
        let reason = SystemReason(error)
        // The package has a user of its own for the service, and no other user may read its clients and keys.
        self.init(
            .file(path.string, line: nil), "cannot be read: \(reason)",
            hint: reason.isMissingPermission
                ? "run writ as a user who may read it; after an installation by package, with `sudo -u writ`" : nil)
    }
}
