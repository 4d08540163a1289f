package import AccessToken
package import Admission
package import JOSE
package import Logging
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
    package let throttle: AuthenticationThrottle.Limits
    /// `limits.queue_wait`
    package let queueWait: Duration
    /// `tls`
    package let tls: TLSTermination
    /// `trusted_proxies`
    package let trustedProxies: [IPNetwork]
    /// `drain_delay`
    package let drainDelay: Duration
    /// `log_level`
    package let logLevel: Logger.Level
    /// `tracing`; nil where it is off.
    package let tracing: TracingDestination?

    /// The folder of keys.
    package var keys: KeysFolder {
        KeysFolder(keysFolder, algorithm: algorithm, passphraseFile: keysPassphraseFile)
    }

    /// What the `aud` of a client's assertion may be.
    var assertionAudiences: [String] {
        let tokenEndpoint = issuer.origin + endpoints.token
        return assertionAudience == .issuer ? [issuer.description] : [issuer.description, tokenEndpoint]
    }

    /// What holds for every token.
    package var policy: IssuancePolicy {
        IssuancePolicy(
            issuer: issuer, algorithm: algorithm, accessTokenLifetime: accessTokenLifetime,
            accessTokenReuse: accessTokenReuse, refreshTokenLifetime: refreshTokenLifetime)
    }
}
