import AccessToken
import OAuth

extension SettingReader {
    /// `client_assertion.longest_lifetime` and `client_assertion.single_use`, with standard values for absent settings.
    mutating func assertionRules() -> AssertionRules {
        let standard = AssertionRules.standard
        let rules = AssertionRules(
            longestLifetime: value(.assertionLongestLifetime, DurationText.parseAssertionLifetime)
                ?? standard.longestLifetime,
            isSingleUse: value(.assertionSingleUse, DurationText.parseSwitch) ?? standard.isSingleUse)
        if !rules.isSingleUse {
            warn(
                .assertionSingleUse, "is off: an assertion that is stolen can be used until it expires",
                hint: "set it for the clients that need it, with client_assertion in the clients file")
        }
        return rules
    }
}

extension DurationText {
    /// The longest lifetime of a client's assertions.
    static func parseAssertionLifetime(_ text: String) throws(InvalidValue) -> Duration {
        let lifetime = try parse(text)
        guard AssertionRules.lifetimes.contains(lifetime) else { throw InvalidValue("is not between 30s and 1h") }
        return lifetime
    }
}
