import Logging

extension Logger {
    /// A logger for libraries whose events Writ logs itself or not at all.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
