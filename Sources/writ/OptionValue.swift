import AccessToken
import ArgumentParser
import ServiceFiles

/// A value given on the command line.
enum OptionValue {
    /// - Parameter name: the name of the value in the error of usage.
    static func parse<Value>(
        _ text: String, _ name: String, _ parse: (String) throws(InvalidValue) -> Value
    ) throws -> Value {
        do throws(InvalidValue) { return try parse(text) } catch { throw ValidationError("\(name) \(error)") }
    }
}

extension Duration {
    /// Parses `90s`, `15m`, `12h` or `30d` from the command line.
    init(option text: String) throws {
        self = try OptionValue.parse(text, text, DurationText.parse)
    }
}
