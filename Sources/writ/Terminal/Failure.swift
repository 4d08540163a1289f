import Foundation
import OAuth
import ServiceFiles
import SystemPackage

/// The failure of a command, with a hint that helps to correct it.
struct Failure: Error {
    let message: String
    /// Further lines, such as one problem below the other.
    let details: [String]
    let hint: String?

    init(_ message: String, details: [String] = [], hint: String? = nil) {
        self.message = message
        self.details = details
        self.hint = hint
    }

    /// The failure that reports an error of a command.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ClientsFileEditError: self.init(error.description, hint: error.hint)
        case let error as RemoteKeyError: self.init(error.description, hint: error.hint)
        case let error as KeyRotationError: self.init(error.description, hint: error.hint)
        case let error as FolderLockError: self.init(error.description, hint: error.hint)
        case let error as UnappliedRevocation: self.init(lines: error.description, hint: error.hint)
        case let error as InvalidConfiguration: self.init(error)
        case let error as UnusableFile: self.init(error.description, hint: error.problem.hint)
        case let error as WorkingFolderError: self.init(error.description, hint: error.hint)
        case let error as Errno: self.init(error.description.lowercased())
        case let error as CocoaError:
            self.init("\(error.filePath.map { "\($0): " } ?? "")\(error.localizedDescription)")
        default: self.init("\(error)")
        }
    }

    /// - Parameter lines: text whose line feeds are the program's own.
    private init(lines: String, hint: String) {
        let lines = lines.split(separator: "\n").map(String.init)
        self.init(lines.first ?? "", details: Array(lines.dropFirst()), hint: hint)
    }

    private init(_ invalid: InvalidConfiguration) {
        if invalid.problems.count == 1, let problem = invalid.problems.first {
            self.init("\(problem.place): \(problem.message)", hint: problem.hint)
        } else {
            self.init(
                "\(invalid.problems.count) problems",
                details: invalid.problems.flatMap { problem in
                    ["\(problem.place): \(problem.message)"] + (problem.hint.map { ["  hint: \($0)"] } ?? [])
                })
        }
    }
}
