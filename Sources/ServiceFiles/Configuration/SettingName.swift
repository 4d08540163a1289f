/// The settings that `writ.yaml` may contain. A dot stands for a nested mapping.
enum SettingName: String, CaseIterable {
    case issuer
    case profile
    case listen
    case management
    case console
    case keys
    case keysPassphraseFile = "keys_passphrase_file"
    case keysRotationEvery = "keys_rotation.every"
    case keysRotationAnnounce = "keys_rotation.announce"
    case pkcs11Module = "pkcs11.module"
    case pkcs11PINFile = "pkcs11.pin_file"
    case vaultTokenFile = "vault.token_file"
    case vaultKubernetesRole = "vault.kubernetes_role"
    case vaultKubernetesMount = "vault.kubernetes_mount"
    case vaultKubernetesTokenFile = "vault.kubernetes_token_file"
    case vaultCAFile = "vault.ca_file"
    case vaultNamespace = "vault.namespace"
    case remoteKeysInFlight = "remote_keys.in_flight"
    case remoteKeysWait = "remote_keys.wait"
    case remoteKeysStartWithout = "remote_keys.start_without"
    case clients
    case delegations
    case issuers
    case state
    case tokenPath = "token_path"
    case authorizationEndpoint = "authorization_endpoint"
    case metadata
    case accessTokenAlgorithm = "access_token.algorithm"
    case accessTokenLifetime = "access_token.lifetime"
    case accessTokenReuse = "access_token.reuse"
    case accessTokenCertificateBound = "access_token.certificate_bound"
    case accessTokenStatusList = "access_token.status_list"
    case refreshTokenLifetime = "refresh_token.lifetime"
    case revocation
    case assertionAudience = "client_assertion.audience"
    case assertionLongestLifetime = "client_assertion.longest_lifetime"
    case assertionSingleUse = "client_assertion.single_use"
    case dpopNonce = "dpop.nonce"
    case replay
    case replayURL = "replay.url"
    case replayUsername = "replay.username"
    case replayPasswordFile = "replay.password_file"
    case replayCAFile = "replay.ca_file"
    case replayWait = "replay.wait"
    case throttleFailures = "throttle.failures"
    case throttleAddressFailures = "throttle.address_failures"
    case throttleClientFailures = "throttle.client_failures"
    case throttleWindow = "throttle.window"
    case tls
    case tlsCertificate = "tls.certificate"
    case tlsPrivateKey = "tls.private_key"
    case tlsTerminated = "tls.terminated"
    case tlsClientCA = "tls.client_ca"
    case tlsMTLSAlias = "tls.mtls_alias"
    case queueWait = "limits.queue_wait"
    case idleTimeout = "limits.idle_timeout"
    case memory = "limits.memory"
    case trustedProxies = "trusted_proxies"
    case trustedProxiesFrom = "trusted_proxies.from"
    case trustedProxiesField = "trusted_proxies.field"
    case trustedProxiesClientCertificate = "trusted_proxies.client_certificate"
    case drainDelay = "drain_delay"
    case logLevel = "log_level"
    case metricsPerClient = "metrics.per_client"
    case tracingEndpoint = "tracing.endpoint"
    case tracingRatio = "tracing.ratio"
    case caFile = "ca_file"

    /// Settings that may be a list in the file. Elsewhere their elements are separated by commas.
    static let lists: Set<SettingName> = [.trustedProxies, .trustedProxiesFrom]

    /// Settings that are a mapping of any names to any values. Elsewhere they are a JSON object.
    static let objects: Set<SettingName> = [.metadata, .delegations]
    /// A list without elements, as it is written in YAML and in a variable.
    static let emptyList = "[]"

    /// The environment variable that sets it: `WRIT_ACCESS_TOKEN_LIFETIME`.
    var environmentVariable: String { "WRIT_" + rawValue.replacing(".", with: "_").uppercased() }

    /// The names of the mappings that contain nested settings.
    static let sections = Set(
        allCases.compactMap { $0.rawValue.split(separator: ".").dropLast().first.map(String.init) })
}
