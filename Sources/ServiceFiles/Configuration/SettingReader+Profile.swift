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
                .issuer, "is http, \(Self.forbidden), also on a loopback host",
                hint: "issuer: https://tokens.example.com")
        }
        if !profile.algorithms.contains(algorithm) {
            note(
                .accessTokenAlgorithm, "is \(algorithm), \(Self.forbidden)", orAt: .profile,
                hint: "access_token: { algorithm: ES256 }, or PS256")
        }
        if let longest = profile.longestAccessTokenLifetime, let accessTokenLifetime, accessTokenLifetime > longest {
            note(.accessTokenLifetime, "is longer than an hour, \(Self.forbidden)", hint: "lifetime: 15m")
        }
        if assertionAudience == .either {
            note(
                .assertionAudience, "is either, \(Self.forbidden): an assertion is for the issuer alone",
                hint: "client_assertion: { audience: issuer }")
        }
        if let certificateOrigin, !TransportSecurity.isSecure(certificateOrigin) {
            note(.tlsMTLSAlias, "is http, \(Self.forbidden), also on a loopback host")
        }
        if let replay, !replay.url.isSecure {
            note(.replayURL, "is without TLS, \(Self.forbidden)", hint: "valkeys://, or rediss://")
        }
    }

    private static let forbidden = "which profile fapi2 forbids"

    private static func profile(_ text: String) throws(InvalidValue) -> SecurityProfile {
        if DurationText.isOff(text) { return .standard }
        guard let profile = SecurityProfile(rawValue: text) else { throw InvalidValue("is neither fapi2 nor off") }
        return profile
    }
}
