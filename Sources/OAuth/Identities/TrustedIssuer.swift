package import AccessToken
package import JOSE
import WireText

/// An issuer whose tokens say which client a workload is: an entry of `issuers.yaml`. It is immutable.
package final class TrustedIssuer: Sendable {
    /// The place of its public keys.
    package enum Keys: Sendable {
        /// `keys: discovery`: behind `jwks_uri` of its metadata.
        case discovery
        /// `jwks_uri`: the URL of a JWK Set.
        case keySet(url: String)
        /// `spiffe_bundle`: the URL of a SPIFFE bundle.
        case bundle(url: String)
        /// `jwks_file`, or `spiffe_bundle` with a path: the keys that the file held when it was read.
        case fixed(JWKSet, file: String)
    }

    /// `name`: what `identities` of clients call it.
    package let name: String
    /// `issuer`: `iss` of its tokens, or the trust domain of its JWT-SVIDs (`spiffe://example.org`).
    package let identifier: String
    package let keys: Keys
    /// `ca_file`, as a path; `nil` for the certificate authorities of the service.
    package let caFile: String?
    /// `bearer_token_file`, as a path: sent to the origin of the issuer, or of the URL of its keys, and to no other.
    package let bearerTokenFile: String?
    /// `audience`; `nil` for the issuer identifier of the service.
    package let audience: String?
    /// `algorithms`
    package let algorithms: [SignatureAlgorithm]
    /// `longest_lifetime`: from `iat` to `exp`.
    package let longestLifetime: Duration
    /// `leeway`: how far clocks may differ.
    package let leeway: Duration
    /// `single_use`: whether `jti` is required and good once.
    package let isSingleUse: Bool
    /// Stands for the issuer when requests that wait for its keys are counted.
    package let countedAs: ClientID
    /// What is known of it if it is an issuer that many organizations share.
    package let shared: SharedIssuer?

    /// `longest_lifetime` unless the entry sets it.
    package static let standardLifetime: Duration = .seconds(3600)
    /// The values that `longest_lifetime` may have. Microsoft Entra's tokens of managed identities live for a day.
    package static let lifetimes: ClosedRange<Duration> = .seconds(60) ... .seconds(48 * 3600)
    /// `leeway` unless the entry sets it.
    package static let standardLeeway: Duration = .seconds(30)
    /// The values that `leeway` may have.
    package static let leeways: ClosedRange<Duration> = .zero ... .seconds(300)

    /// - Parameters:
    ///   - audience: `nil` for the issuer identifier of the service.
    ///   - longestLifetime: in whole seconds, within ``lifetimes``.
    ///   - leeway: in whole seconds, within ``leeways``.
    /// - Throws: if the name is malformed, or if the identifier is neither an issuer's URL nor a trust domain, or is a trust
    ///   domain without a place of its keys.
    package init(
        name: String, identifier: String, keys: Keys = .discovery, caFile: String? = nil,
        bearerTokenFile: String? = nil, audience: String? = nil,
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.offered, longestLifetime: Duration = standardLifetime,
        leeway: Duration = standardLeeway, isSingleUse: Bool = false
    ) throws(InvalidValue) {
        try Self.checkName(name)
        countedAs = try ClientID(name)
        if TrustDomain(identifier: identifier) == nil {
            _ = try Issuer(identifier)
        } else if case .discovery = keys {
            throw InvalidValue("is a trust domain, whose keys have to be named: spiffe_bundle")
        }
        self.name = name
        self.identifier = identifier
        shared = SharedIssuer(identifier: identifier)
        self.keys = keys
        self.caFile = caFile
        self.bearerTokenFile = bearerTokenFile
        self.audience = audience
        self.algorithms = algorithms
        self.longestLifetime = longestLifetime
        self.leeway = leeway
        self.isSingleUse = isSingleUse
    }

    /// A name is written in files, options, logs and labels of metrics.
    ///
    /// - Throws: for any other text than 1 to 64 letters, digits, dots, hyphens and underscores.
    package static func checkName(_ name: String) throws(InvalidValue) {
        guard (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || ".-_".utf8.contains($0) })
        else { throw InvalidValue("is not 1 to 64 letters, digits, dots, hyphens and underscores") }
    }

    /// Whether it is a trust domain, whose tokens are JWT-SVIDs.
    package var isTrustDomain: Bool { TrustDomain(identifier: identifier) != nil }

    /// Whether tokens that are signed with this algorithm are accepted. Two names of one algorithm count as one.
    func accepts(_ algorithm: SignatureAlgorithm) -> Bool { algorithms.contains { $0.scheme == algorithm.scheme } }

    /// What ``audience`` stands for.
    package func audience(of service: Issuer) -> String { audience ?? service.description }
}
