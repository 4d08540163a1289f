public import AccessToken
public import JOSE

/// The settings for every token of the service.
public struct IssuancePolicy: Sendable {
    /// `issuer`
    package let issuer: Issuer
    /// `access_token.algorithm`
    package let algorithm: SignatureAlgorithm
    /// `access_token.lifetime`
    package let accessTokenLifetime: Duration
    /// `access_token.reuse`: how long a token may be returned again to the client that got it; zero for no reuse.
    package let accessTokenReuse: Duration
    /// `refresh_token.lifetime`, counted from the first issue.
    package let refreshTokenLifetime: Duration
    /// `access_token.certificate_bound`: whether every access token is bound to the certificate of its client (RFC 8705
    /// section 3).
    package let bindsTokensToCertificates: Bool
    /// `access_token.status_list`: whether access tokens name their status list, unless the client's are in none.
    package let listsStatus: Bool
    /// The URLs of the status lists.
    package let statusLists: StatusListURLs
    /// `profile`
    package private(set) var profile = SecurityProfile.standard

    /// The defaults are those of the configuration: RS256, 15 minutes, no reuse and 30 days.
    ///
    /// A duration outside of its range counts as the nearest one within.
    ///
    /// - Parameters:
    ///   - accessTokenLifetime: in whole seconds, from a second to ten years.
    ///   - accessTokenReuse: at most ``longestReuse``; zero is off.
    ///   - refreshTokenLifetime: in whole seconds, from the first issue on, from a second to ten years.
    ///   - bindsTokensToCertificates: whether clients must present a certificate, which their tokens are bound to.
    ///   - listsStatus: whether access tokens name a status list, which says if they are revoked.
    public init(
        issuer: Issuer, algorithm: SignatureAlgorithm = .rs256, accessTokenLifetime: Duration = .seconds(900),
        accessTokenReuse: Duration = .zero, refreshTokenLifetime: Duration = .seconds(30 * 86400),
        bindsTokensToCertificates: Bool = false, listsStatus: Bool = false
    ) {
        self.issuer = issuer
        self.listsStatus = listsStatus
        statusLists = StatusListURLs(below: issuer.origin + EndpointPaths(issuer: issuer).statusLists)
        self.bindsTokensToCertificates = bindsTokensToCertificates
        self.algorithm = algorithm
        func within(_ duration: Duration, _ least: Duration, _ most: Duration) -> Duration {
            min(max(duration, least), most)
        }
        let tenYears = Duration.seconds(3652 * 86400)
        self.accessTokenLifetime = within(accessTokenLifetime, .seconds(1), tenYears)
        self.accessTokenReuse = within(accessTokenReuse, .zero, Self.longestReuse)
        self.refreshTokenLifetime = within(refreshTokenLifetime, .seconds(1), tenYears)
    }

    /// The same policy under a profile.
    package func under(_ profile: SecurityProfile) -> IssuancePolicy {
        var policy = self
        policy.profile = profile
        return policy
    }

    /// The longest ``accessTokenReuse``.
    package static let longestReuse: Duration = .seconds(300)

    /// The algorithm with this name, among those that can sign access tokens.
    ///
    /// - Throws: if there is no such algorithm in `SignatureAlgorithm.offered`.
    package static func algorithm(named name: String) throws(InvalidValue) -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm.offered.first(where: { $0.name == name }) else {
            throw InvalidValue("is none of", names: SignatureAlgorithm.offeredNames("and"))
        }
        return algorithm
    }
}
