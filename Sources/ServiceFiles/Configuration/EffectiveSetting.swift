import AccessToken
package import JOSE
import OAuth
import SystemPackage

/// A setting as it is in force, with the place that it comes from.
package struct EffectiveSetting: Sendable {
    /// As in the file, with a dot for a nested mapping.
    package let name: String
    /// As it is written in the file; `nil` if it is not set and has no default.
    package let value: String?
    /// The place that sets it; `nil` for the default.
    package let place: Problem.Place?

    /// A human-readable name of the place: a file with a line, a variable, an option, or `default`.
    package var origin: String { place?.description ?? "default" }

    /// Writes the member of a JSON object: `"listen":{"value":"127.0.0.1:8080","from":"default"}`.
    package func write(to object: inout JSONWriter) {
        object.name(name)
        object.object { member in
            member.member("value", value.map { .string($0) } ?? .null)
            member.member("from", origin)
        }
    }
}

extension ServiceConfiguration {
    /// Every setting, in the order of the documentation.
    package var effectiveSettings: [EffectiveSetting] {
        SettingName.allCases.map { name in
            EffectiveSetting(name: name.rawValue, value: Self.values[name]?(self), place: place(of: name))
        }
    }

    private func place(of name: SettingName) -> Problem.Place? {
        if let setting = settings[name] { return setting.place }
        guard tracing != nil else { return nil }
        let variables = OpenTelemetryVariables(source.environment)
        switch name {
        case .tracingEndpoint: return variables.endpointVariable.map { .environment($0) }
        case .tracingRatio: return variables.samplerVariable.map { .environment($0) }
        default: return nil
        }
    }

    /// The text of each setting in force.
    static let values: [SettingName: @Sendable (ServiceConfiguration) -> String?] = [
        .issuer: { $0.issuer.description },
        .profile: { $0.profile.rawValue },
        .listen: { $0.listen.description },
        .management: { $0.management?.description ?? "off" },
        .console: { $0.console ? "on" : "off" },
        .keys: { $0.keysFolder.string },
        .keysPassphraseFile: { $0.keysPassphraseFile?.string },
        .keysRotationEvery: { $0.keysRotation.map { DurationText.format($0.every) } },
        .keysRotationAnnounce: { $0.keysRotation.map { DurationText.format($0.announce) } },
        .pkcs11Module: { $0.keyPlaces.pkcs11?.module.string },
        .pkcs11PINFile: { $0.keyPlaces.pkcs11?.pinFile?.string },
        .vaultTokenFile: { $0.keyPlaces.vault?.tokenFile?.string },
        .vaultKubernetesRole: { $0.keyPlaces.vault?.kubernetesRole },
        .vaultKubernetesMount: { $0.keyPlaces.vault?.kubernetesMount },
        .vaultKubernetesTokenFile: { $0.keyPlaces.vault?.kubernetesTokenFile?.string },
        .vaultCAFile: { $0.keyPlaces.vault?.caFile?.string },
        .vaultNamespace: { $0.keyPlaces.vault?.namespace },
        .remoteKeysInFlight: { String($0.keyPlaces.inFlight) },
        .remoteKeysWait: { DurationText.format($0.keyPlaces.wait) },
        .remoteKeysStartWithout: { $0.keyPlaces.startsWithout ? "on" : "off" },
        .clients: { $0.clients.path.string },
        .delegations: { $0.settings[.delegations]?.text },
        .issuers: { $0.issuersFile.string },
        .state: { $0.stateFile?.string },
        .tokenPath: { $0.endpoints.token },
        .authorizationEndpoint: { $0.endpoints.authorization == nil ? nil : "refuse" },
        .metadata: { $0.settings[.metadata]?.text },
        .accessTokenAlgorithm: { $0.algorithm.name },
        .accessTokenLifetime: { DurationText.format($0.accessTokenLifetime) },
        .accessTokenReuse: { $0.accessTokenReuse == .zero ? "off" : DurationText.format($0.accessTokenReuse) },
        .accessTokenCertificateBound: { $0.bindsTokensToCertificates ? "on" : "off" },
        .accessTokenStatusList: { $0.listsStatus ? "on" : "off" },
        .revocation: { $0.revocation ? "on" : "off" },
        .refreshTokenLifetime: { DurationText.format($0.refreshTokenLifetime) },
        .assertionAudience: { $0.assertionAudience.rawValue },
        .assertionLongestLifetime: { DurationText.format($0.assertionRules.longestLifetime) },
        .assertionSingleUse: { $0.assertionRules.isSingleUse ? "on" : "off" },
        .dpopNonce: { $0.dpopNonce ? "on" : "off" },
        .replay: { $0.replay == nil ? "memory" : nil },
        .replayURL: { $0.replay?.url.description },
        .replayUsername: { $0.replay?.username },
        .replayPasswordFile: { $0.replay?.passwordFile?.string },
        .replayCAFile: { $0.replay?.caFile?.string },
        .replayWait: { $0.replay.map { DurationText.format($0.wait) } },
        .throttleFailures: { limit($0.throttle.failures) },
        .throttleAddressFailures: { limit($0.throttle.addressFailures) },
        .throttleClientFailures: { limit($0.throttle.clientFailures) },
        .throttleWindow: { DurationText.format($0.throttle.window) },
        .tls: { $0.tls == .upstream && $0.settings[.tlsTerminated] == nil ? "terminated-upstream" : nil },
        .tlsCertificate: { $0.tls.files.first?.string },
        .tlsPrivateKey: { $0.tls.files.last?.string },
        .tlsTerminated: { $0.tls == .upstream && $0.settings[.tlsTerminated] != nil ? "upstream" : nil },
        .tlsClientCA: { $0.clientCAFile?.string },
        .tlsMTLSAlias: { $0.certificateOrigin },
        .queueWait: { DurationText.format($0.queueWait) },
        .idleTimeout: { DurationText.format($0.idleTimeout) },
        .memory: { $0.memory.map(SizeText.format) },
        .trustedProxies: { $0.settings[.trustedProxies]?.text },
        .trustedProxiesFrom: { $0.settings[.trustedProxiesFrom]?.text },
        .trustedProxiesField: { $0.trustedProxies.networks.isEmpty ? nil : $0.trustedProxies.field.rawValue },
        .trustedProxiesClientCertificate: { $0.trustedProxies.certificateField?.rawValue },
        .drainDelay: { DurationText.format($0.drainDelay) },
        .logLevel: { $0.logLevel.rawValue },
        .metricsPerClient: { $0.metricsPerClient ? "on" : "off" },
        .tracingEndpoint: { $0.tracing?.endpoint },
        .tracingRatio: { $0.tracing.map { "\($0.ratio)" } },
        .caFile: { $0.caFile?.string },
    ]

    private static func limit(_ count: Int?) -> String { count.map(String.init) ?? "off" }
}
