import AccessToken
import ArgumentParser
import ServiceFiles

/// A value given on the command line.
enum OptionValue {
    /// - Parameter name: what the text is called in the error, which is one of usage.
    static func parse<Value>(
        _ text: String, _ name: String, _ parse: (String) throws(InvalidValue) -> Value
    ) throws -> Value {
        do throws(InvalidValue) { return try parse(text) } catch { throw ValidationError("\(name) \(error)") }
    }
}

extension Duration {
    /// Reads `90s`, `15m`, `12h`, `30d` from the command line.
    init(option text: String) throws {
        self = try OptionValue.parse(text, text, DurationText.parse)
    }
}
