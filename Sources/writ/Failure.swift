import ArgumentParser
import Foundation
import SystemPackage
import TokenHTTP

/// Something that was refused or failed, told so that it can be mended.
struct Failure: Error {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// - Returns: nil for what ArgumentParser reports itself: usage, help, exit codes.
    init?(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ClientsFileEditError: self.init(error.description, hint: error.hint)
        case let error as KeyRotationError: self.init(error.description, hint: error.hint)
        case let error as InvalidConfiguration: self.init(error)
        case let error as ListenerError: self.init(error.description, hint: error.hint)
        case let error as WorkingFolderError: self.init(error.description, hint: error.hint)
        case let error as Errno: self.init(error.description.lowercased())
        case is ExitCode, is CleanExit, is ValidationError: return nil
        case let error as CocoaError:
            self.init("\(error.filePath.map { "\($0): " } ?? "")\(error.localizedDescription)")
        case let error where "\(type(of: error))" == "CommandError": return nil
        default: self.init("\(error)")
        }
    }
}
