import Logging

extension Logger {
    /// For libraries whose events are logged by Writ itself, or not at all.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
