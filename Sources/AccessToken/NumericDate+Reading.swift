public import JOSE

extension NumericDate {
    /// Reads a NumericDate, which may have a fraction (RFC 7519 section 2); nil for any other value.
    public init?(_ value: JSONValue) {
        switch value {
        case .integer(let seconds): self.init(seconds)
        case .number(let seconds):
            guard let whole = Int64(exactly: seconds.rounded(.down)) else { return nil }
            self.init(whole)
        default: return nil
        }
    }
}
