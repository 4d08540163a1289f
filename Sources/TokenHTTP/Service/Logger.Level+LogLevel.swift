package import Logging
package import ServiceFiles

extension Logger.Level {
    /// Converts the log level of the configuration.
    package init(_ level: LogLevel) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}

extension Logger {
    /// A logger for libraries whose events Writ logs itself or not at all.
    static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
