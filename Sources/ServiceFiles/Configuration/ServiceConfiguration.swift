package import AccessToken
package import JOSE
package import OAuth
package import SystemPackage

/// Everything that `writ.yaml`, the environment and the command line say, checked.
package struct ServiceConfiguration: Sendable {
    /// Where it was read from.
    package let file: FilePath
    /// `issuer`
    package let issuer: Issuer
    /// `listen`
    package let listen: ListenAddress
    /// `management`; nil where it is off.
    package let management: ListenAddress?
    /// `keys`
    package let keysFolder: FilePath
    /// `keys_passphrase_file`; nil where keys are not encrypted.
    package let keysPassphraseFile: FilePath?
    /// `keys_rotation`; nil where it is off.
    package let keysRotation: RotationPlan?
    /// `clients`
    package let clientsFile: FilePath
    /// `token_path` and what follows from the issuer.
    package let endpoints: EndpointPaths
    /// `access_token.algorithm`
    package let algorithm: SignatureAlgorithm
    /// `access_token.lifetime`
    package let accessTokenLifetime: Duration
    /// `access_token.reuse`; zero where it is off.
    package let accessTokenReuse: Duration
    /// `refresh_token.lifetime`
    package let refreshTokenLifetime: Duration
    /// `client_assertion.audience`
    package let assertionAudience: AssertionAudience
    /// `throttle`
    package let throttle: FailureLimits
    /// `limits.queue_wait`
    package let queueWait: Duration
    /// `tls`
    package let tls: TLSTermination
    /// `trusted_proxies`
    package let trustedProxies: [IPNetwork]
    /// `drain_delay`
    package let drainDelay: Duration
    /// `log_level`
    package let logLevel: LogLevel
    /// `tracing`; nil where it is off.
    package let tracing: TracingDestination?

    /// The folder of keys.
    package var keys: KeysFolder {
        KeysFolder(keysFolder, algorithm: algorithm, passphraseFile: keysPassphraseFile)
    }

    /// What the `aud` of a client's assertion may be.
    package var assertionAudiences: [String] {
        let tokenEndpoint = issuer.origin + endpoints.token
        return assertionAudience == .issuer ? [issuer.description] : [issuer.description, tokenEndpoint]
    }

    /// What holds for every token.
    package var policy: IssuancePolicy {
        IssuancePolicy(
            issuer: issuer, algorithm: algorithm, accessTokenLifetime: accessTokenLifetime,
            accessTokenReuse: accessTokenReuse, refreshTokenLifetime: refreshTokenLifetime)
    }

    /// The longest that tokens of these clients can live.
    package func lifetimes(of clients: [Client]) -> TokenLifetimes {
        TokenLifetimes(
            accessToken: clients.compactMap(\.accessTokenLifetime).reduce(accessTokenLifetime, max),
            refreshToken: refreshTokenLifetime)
    }

    /// The longest that tokens of any clients can live: if the clients cannot be read, no key is removed too early.
    package var longestLifetimes: TokenLifetimes {
        TokenLifetimes(accessToken: .seconds(86400), refreshToken: refreshTokenLifetime)
    }
}

/// How the audience of a client's assertion is read: `client_assertion.audience`.
package enum AssertionAudience: String, Sendable, CaseIterable {
    /// The issuer or the token endpoint, as RFC 7523 section 3 has it.
    case either
    /// The issuer alone, as draft-ietf-oauth-rfc7523bis has it.
    case issuer
}

/// What is logged at least: `log_level` of the configuration, with the names that swift-log has for its levels.
package enum LogLevel: String, Sendable, CaseIterable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical
}
