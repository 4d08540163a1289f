import AccessToken
import JOSE
import OAuth

extension SettingReader {
    /// `profile`; ``SecurityProfile/standard`` if it is absent, or invalid and reported.
    mutating func profile() -> SecurityProfile { value(.profile, Self.profile) ?? .standard }

    /// Reports each setting that the profile forbids, also if it is only the default.
    mutating func check(
        _ profile: SecurityProfile, issuer: Issuer?, algorithm: SignatureAlgorithm, accessTokenLifetime: Duration?,
        assertionAudience: AssertionAudience?, certificateOrigin: String?, replay: ReplaySettings?
    ) {
        guard profile != .standard else { return }
        if let issuer, !issuer.isSecure {
            note(
                .issuer, "is http, \(profile.forbids), also on a loopback host",
                hint: "issuer: https://tokens.example.com")
        }
        if !profile.algorithms.contains(algorithm) {
            note(
                .accessTokenAlgorithm, "is \(algorithm), \(profile.forbids)", orAt: .profile,
                hint: "access_token: { algorithm: ES256 }, or PS256")
        }
        if let longest = profile.longestAccessTokenLifetime, let accessTokenLifetime, accessTokenLifetime > longest {
            note(.accessTokenLifetime, "is longer than an hour, \(profile.forbids)", hint: "lifetime: 15m")
        }
        if assertionAudience == .either {
            note(
                .assertionAudience, "is either, \(profile.forbids): an assertion is for the issuer alone",
                hint: "client_assertion: { audience: issuer }")
        }
        if let certificateOrigin, !TransportSecurity.isSecure(certificateOrigin) {
            note(.tlsMTLSAlias, "is http, \(profile.forbids), also on a loopback host")
        }
        if let replay, !replay.url.isSecure {
            note(.replayURL, "is without TLS, \(profile.forbids)", hint: "valkeys://, or rediss://")
        }
    }

    /// `access_token.algorithm` of a configuration that may have problems. A key for an algorithm that the profile forbids is
    /// not looked for: what is wrong is the setting.
    mutating func algorithm(under profile: SecurityProfile) -> SignatureAlgorithm {
        let algorithm = value(.accessTokenAlgorithm, IssuancePolicy.algorithm(named:)) ?? .rs256
        return profile.algorithms.contains(algorithm) ? algorithm : .es256
    }

    private static func profile(_ text: String) throws(InvalidValue) -> SecurityProfile {
        if DurationText.isOff(text) { return .standard }
        guard let profile = SecurityProfile(rawValue: text) else { throw InvalidValue("is neither fapi2 nor off") }
        return profile
    }
}
