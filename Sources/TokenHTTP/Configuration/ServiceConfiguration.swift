public import AccessToken
public import JOSE
public import Logging
public import OAuth
public import SystemPackage

/// Everything that `writ.yaml`, the environment and the command line say, checked.
public struct ServiceConfiguration: Sendable {
    /// Where it was read from.
    public let file: FilePath
    /// `issuer`
    public let issuer: Issuer
    /// `listen`
    public let listen: ListenAddress
    /// `management`; nil where it is off.
    public let management: ListenAddress?
    /// `keys`
    public let keysFolder: FilePath
    /// `keys_passphrase_file`; nil where keys are not encrypted.
    public let keysPassphraseFile: FilePath?
    /// `keys_rotation`; nil where it is off.
    public let keysRotation: RotationPlan?
    /// `clients`
    public let clientsFile: FilePath
    /// `token_path` and what follows from the issuer.
    public let endpoints: EndpointPaths
    /// `access_token.algorithm`
    public let algorithm: SignatureAlgorithm
    /// `access_token.lifetime`
    public let accessTokenLifetime: Duration
    /// `access_token.reuse`; zero where it is off.
    public let accessTokenReuse: Duration
    /// `refresh_token.lifetime`
    public let refreshTokenLifetime: Duration
    /// `client_assertion.audience`
    public let assertionAudience: AssertionAudience
    /// `throttle`
    public let throttle: AuthenticationThrottle.Limits
    /// `limits.queue_wait`
    public let queueWait: Duration
    /// `tls`
    public let tls: TLSTermination
    /// `trusted_proxies`
    public let trustedProxies: [IPNetwork]
    /// `drain_delay`
    public let drainDelay: Duration
    /// `log_level`
    public let logLevel: Logger.Level
    /// `tracing`; nil where it is off.
    public let tracing: TracingDestination?

    /// The folder of keys.
    public var keys: KeysFolder {
        KeysFolder(keysFolder, algorithm: algorithm, passphraseFile: keysPassphraseFile)
    }

    /// What the `aud` of a client's assertion may be.
    var assertionAudiences: [String] {
        let tokenEndpoint = issuer.origin + endpoints.token
        return assertionAudience == .issuer ? [issuer.description] : [issuer.description, tokenEndpoint]
    }

    /// What holds for every token.
    public var policy: IssuancePolicy {
        IssuancePolicy(
            issuer: issuer, algorithm: algorithm, accessTokenLifetime: accessTokenLifetime,
            accessTokenReuse: accessTokenReuse, refreshTokenLifetime: refreshTokenLifetime)
    }
}
