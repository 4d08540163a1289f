import ArgumentParser
import Foundation
import ServiceFiles
import SystemPackage

/// The failure of a command, with a hint that helps to correct it.
struct Failure: Error {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The failure that reports an error of a command.
    ///
    /// - Returns: `nil` for errors that ArgumentParser reports itself: wrong options and exit statuses.
    init?(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ClientsFileEditError: self.init(error.description, hint: error.hint)
        case let error as KeyRotationError: self.init(error.description, hint: error.hint)
        case let error as FolderLockError: self.init(error.description, hint: error.hint)
        case let error as UnappliedRevocation: self.init(error.description, hint: error.hint)
        case let error as InvalidConfiguration: self.init(error)
        case let error as WorkingFolderError: self.init(error.description, hint: error.hint)
        case let error as Errno: self.init(error.description.lowercased())
        case is ExitCode, is CleanExit, is ValidationError: return nil
        case let error as CocoaError:
            self.init("\(error.filePath.map { "\($0): " } ?? "")\(error.localizedDescription)")
        default: self.init("\(error)")
        }
    }

    private init(_ invalid: InvalidConfiguration) {
        if invalid.problems.count == 1, let problem = invalid.problems.first {
            self.init("\(problem.place): \(problem.message)", hint: problem.hint)
        } else {
            self.init("\(invalid.problems.count) problems\n\(invalid)")
        }
    }
}
