import AccessToken
import OAuth

extension ClientReader {
    /// `client_assertion`: what it does not set is as the service's.
    mutating func assertionRules() -> ClientAssertionRules {
        guard let node = member("client_assertion") else { return .none }
        guard let members = node.members else {
            note("client_assertion", "is not a mapping", hint: "client_assertion: { longest_lifetime: 10m }")
            return .none
        }
        var rules = ClientAssertionRules()
        var seen: Set<String> = []
        for member in members {
            let name = member.name ?? ""
            if !seen.insert(name).inserted { note("client_assertion", "sets \(name) twice") }
            if member.value.isNull, Self.assertionNames.contains(name) { continue }
            do throws(InvalidValue) {
                switch name {
                case "longest_lifetime":
                    rules.longestLifetime = try DurationText.parseAssertionLifetime(member.value.text ?? "")
                case "single_use": rules.isSingleUse = try DurationText.parseSwitch(member.value.text ?? "")
                default:
                    let nearest = NearestName.of(name, among: Self.assertionNames)
                    note("client_assertion", "has an unknown key \(name)", hint: nearest.map { "did you mean \($0)?" })
                }
            } catch {
                note("client_assertion", "\(name) \(error)")
            }
        }
        let isForCertificates = member("token_endpoint_auth_method")?.text == "self_signed_tls_client_auth"
        if isForCertificates || member("jwks") == nil && member("jwks_uri") == nil {
            note("client_assertion", "needs jwks or jwks_uri")
        }
        return rules
    }

    private static var assertionNames: [String] { ["longest_lifetime", "single_use"] }
}
