/// What is logged at least: `log_level` of the configuration, with the names that swift-log has for its levels.
package enum LogLevel: String, Sendable, CaseIterable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical
}
