import AccessToken
import ArgumentParser

/// A value given on the command line.
enum OptionValue {
    /// - Parameter name: what the text is called in the error, which is one of usage.
    static func parse<Value>(
        _ text: String, _ name: String, _ parse: (String) throws(InvalidValue) -> Value
    ) throws -> Value {
        do throws(InvalidValue) { return try parse(text) } catch { throw ValidationError("\(name) \(error)") }
    }
}
