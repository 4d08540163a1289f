import TokenHTTP

extension Duration {
    /// Reads `90s`, `15m`, `12h`, `30d` from the command line.
    init(option text: String) throws {
        self = try OptionValue.parse(text, text, DurationText.parse)
    }
}
