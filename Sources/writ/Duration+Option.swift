import AccessToken
import ArgumentParser
import TokenHTTP

extension Duration {
    /// Reads `90s`, `15m`, `12h`, `30d` from the command line.
    init(option text: String) throws {
        do throws(InvalidValue) { self = try DurationText.parse(text) } catch {
            throw ValidationError("\(text) \(error)")
        }
    }
}
