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

    /// The defaults are those of the configuration: RS256, 15 minutes, no reuse and 30 days.
    ///
    /// - Parameters:
    ///   - accessTokenLifetime: in whole seconds.
    ///   - accessTokenReuse: at most ``longestReuse``; zero is off.
    ///   - refreshTokenLifetime: in whole seconds, from the first issue on.
    public init(
        issuer: Issuer, algorithm: SignatureAlgorithm = .rs256, accessTokenLifetime: Duration = .seconds(900),
        accessTokenReuse: Duration = .zero, refreshTokenLifetime: Duration = .seconds(30 * 86400)
    ) {
        self.issuer = issuer
        self.algorithm = algorithm
        self.accessTokenLifetime = accessTokenLifetime
        self.accessTokenReuse = accessTokenReuse
        self.refreshTokenLifetime = refreshTokenLifetime
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
