import JOSE
package import Logging

/// What happens when the key set of a client is fetched.
package enum KeySetEvent: Sendable {
    /// A fetch failed.
    case failed(url: String, reason: String)
    /// A fetched set has keys that cannot be used, or no key that can be used.
    ///
    /// - Parameters:
    ///   - reasons: why keys were skipped, one text for each.
    ///   - usableCount: how many keys are left.
    case keysSkipped(url: String, reasons: [String], usableCount: Int)

    var level: Logger.Level {
        if case .failed = self { .error } else { .warning }
    }

    /// The text of the log line.
    package var message: Logger.Message {
        switch self {
        case .failed(let url, let reason): "No keys from \(url): \(reason)"
        case .keysSkipped(_, _, usableCount: 0): "A fetched key set has no key that can be used"
        case .keysSkipped: "Keys of a fetched key set cannot be used"
        }
    }
}

extension KeySetEvent: LogFields {
    /// The most reasons in one line.
    private static let mostReasons = 8

    package func write(to line: inout some LogLine) {
        switch self {
        case .failed: break
        case .keysSkipped(let url, let reasons, let usableCount):
            if !reasons.isEmpty {
                line.member("reasons", reasons.prefix(Self.mostReasons).map { BoundedText($0).text })
            }
            line.member("skipped", Int64(reasons.count))
            line.member("url", BoundedText(url).text)
            line.member("usable", Int64(usableCount))
        }
    }
}
