import JOSE
import OAuth
import SystemPackage

extension ServiceConfiguration {
    /// Reads the file again, with the environment and the options of the first time.
    ///
    /// - Throws: all problems at once.
    package func readAgain() throws(InvalidConfiguration) -> ServiceConfiguration {
        try ServiceConfiguration(source, access: access, profileInForce: profile)
    }

    /// This configuration with the settings of `other` that can change while the service runs.
    package func adopting(_ other: ServiceConfiguration) -> ServiceConfiguration {
        var adopted = self
        adopted.logLevel = other.logLevel
        adopted.accessTokenLifetime = other.accessTokenLifetime
        adopted.accessTokenReuse = other.accessTokenReuse
        adopted.refreshTokenLifetime = other.refreshTokenLifetime
        adopted.bindsTokensToCertificates = other.bindsTokensToCertificates
        adopted.listsStatus = other.listsStatus
        adopted.revocation = other.revocation
        adopted.delegations = other.delegations
        adopted.assertionRules = other.assertionRules
        adopted.keysRotation = other.keysRotation
        adopted.trustedProxies = other.trustedProxies
        adopted.warnings = other.warnings
        return adopted
    }

    /// The settings of `other` that differ, and that take effect only with a restart: by their names.
    package func changesNeedingRestart(_ other: ServiceConfiguration) -> [String] {
        Self.needingRestart.filter { !$0.isSame(self, other) }.map(\.name.rawValue)
    }

    /// The first part of the name of each setting that ``adopting(_:)`` takes over.
    static let adoptedNames = [
        "log_level", "access_token.lifetime", "access_token.reuse", "access_token.certificate_bound",
        "access_token.status_list", "refresh_token.lifetime", "revocation", "delegations", "keys_rotation",
        "client_assertion.longest_lifetime", "client_assertion.single_use",
        "trusted_proxies",
    ]

    /// A setting that takes effect only with a restart: what it decides is made once, when the service starts.
    struct Comparison: Sendable {
        let name: SettingName
        let isSame: @Sendable (ServiceConfiguration, ServiceConfiguration) -> Bool

        init<Value: Equatable & SendableMetatype>(
            _ name: SettingName, _ value: @escaping @Sendable (ServiceConfiguration) -> Value
        ) {
            self.name = name
            isSame = { value($0) == value($1) }
        }
    }

    static let needingRestart: [Comparison] = [
        Comparison(.issuer) { $0.issuer },
        Comparison(.profile) { $0.profile },
        Comparison(.listen) { $0.listen },
        Comparison(.management) { $0.management },
        Comparison(.console) { $0.console },
        Comparison(.keys) { $0.keysFolder },
        Comparison(.keysPassphraseFile) { $0.keysPassphraseFile },
        Comparison(.pkcs11Module) { $0.keyPlaces.pkcs11?.module },
        Comparison(.pkcs11PINFile) { $0.keyPlaces.pkcs11?.pinFile },
        Comparison(.vaultTokenFile) { $0.keyPlaces.vault?.tokenFile },
        Comparison(.vaultKubernetesRole) { $0.keyPlaces.vault?.kubernetesRole },
        Comparison(.vaultKubernetesMount) { $0.keyPlaces.vault?.kubernetesMount },
        Comparison(.vaultKubernetesTokenFile) { $0.keyPlaces.vault?.kubernetesTokenFile },
        Comparison(.vaultCAFile) { $0.keyPlaces.vault?.caFile },
        Comparison(.vaultNamespace) { $0.keyPlaces.vault?.namespace },
        Comparison(.remoteKeysInFlight) { $0.keyPlaces.inFlight },
        Comparison(.remoteKeysWait) { $0.keyPlaces.wait },
        Comparison(.remoteKeysStartWithout) { $0.keyPlaces.startsWithout },
        Comparison(.clients) { $0.clientsPath },
        Comparison(.issuers) { $0.issuersFile },
        Comparison(.state) { $0.stateFile },
        Comparison(.tokenPath) { $0.endpoints.token },
        Comparison(.authorizationEndpoint) { $0.endpoints.authorization != nil },
        Comparison(.metadata) { $0.metadata.additional },
        Comparison(.accessTokenAlgorithm) { $0.algorithm },
        Comparison(.assertionAudience) { $0.assertionAudience },
        Comparison(.dpopNonce) { $0.dpopNonce },
        Comparison(.replay) { $0.replay },
        Comparison(.throttleFailures) { $0.throttle.failures },
        Comparison(.throttleAddressFailures) { $0.throttle.addressFailures },
        Comparison(.throttleWindow) { $0.throttle.window },
        Comparison(.throttleClientFailures) { $0.throttle.clientFailures },
        Comparison(.queueWait) { $0.queueWait },
        Comparison(.idleTimeout) { $0.idleTimeout },
        Comparison(.memory) { $0.memory },
        Comparison(.metricsPerClient) { $0.metricsPerClient },
        Comparison(.tls) { $0.tls },
        Comparison(.tlsClientCA) { $0.clientCAFile },
        Comparison(.tlsMTLSAlias) { $0.certificateOrigin },
        Comparison(.drainDelay) { $0.drainDelay },
        Comparison(.tracingEndpoint) { $0.tracing?.endpoint },
        Comparison(.tracingRatio) { $0.tracing?.ratio },
        Comparison(.caFile) { $0.caFile },
    ]
}
