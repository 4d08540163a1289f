package import ServiceFiles
package import SystemPackage

/// Why the file of `state` cannot be read or written now.
package enum ClientStateError: Error, Sendable, CustomStringConvertible {
    /// The file system does not let this process.
    case file(FileError)
    /// SQLite's reason, which has nothing of what is in the file.
    case database(FilePath, reason: String)
    /// It is a database that Writ has not made, and that stays as it is.
    case ofAnotherProgram(FilePath)
    /// A later release has made it, and it stays as it is.
    case ofLaterRelease(FilePath)

    /// The path, and the reason.
    package var description: String {
        switch self {
        case .file(let error): error.description
        case .database(let path, let reason): "\(path): \(reason)"
        case .ofAnotherProgram(let path): "\(path): is a database of another program"
        case .ofLaterRelease(let path): "\(path): is of a later release of Writ"
        }
    }
}
