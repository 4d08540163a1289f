package import AccessToken
package import JOSE
package import OAuth
package import SystemPackage

/// The validated settings of `writ.yaml`, the environment and the command line.
package struct ServiceConfiguration: Sendable {
    /// The configuration file that was read.
    package let file: FilePath
    /// `issuer`
    package let issuer: Issuer
    /// `profile`
    package internal(set) var profile = SecurityProfile.standard
    /// `listen`
    package let listen: ListenAddress
    /// `management`; `nil` if it is off.
    package let management: ListenAddress?
    /// `console`: whether the management listener has a page for operators.
    package internal(set) var console = false
    /// `keys`
    package let keysFolder: FilePath
    /// `keys_passphrase_file`; `nil` if keys are not encrypted.
    package let keysPassphraseFile: FilePath?
    /// `keys_rotation`; `nil` if it is off.
    package internal(set) var keysRotation: RotationPlan?
    /// `pkcs11`, `vault` and `remote_keys`: the places of keys that are in no file.
    package internal(set) var keyPlaces = KeyPlacesSettings()
    /// `clients`
    package let clientsPath: FilePath
    /// `delegations`; `nil` if every file of clients may hand out everything.
    package internal(set) var delegations: Delegations?
    /// `issuers`
    package let issuersFile: FilePath
    /// `state`: where it is kept when clients last got tokens; `nil` if that ends with the process.
    package internal(set) var stateFile: FilePath?
    /// `token_path`, `authorization_endpoint`, and the paths that follow from the issuer.
    package let endpoints: EndpointPaths
    /// The metadata documents, with the members of `metadata`.
    package let metadata: ServerMetadata
    /// `access_token.algorithm`
    package let algorithm: SignatureAlgorithm
    /// `access_token.lifetime`
    package internal(set) var accessTokenLifetime: Duration
    /// `access_token.reuse`; zero if it is off.
    package internal(set) var accessTokenReuse: Duration
    /// `refresh_token.lifetime`
    package internal(set) var refreshTokenLifetime: Duration
    /// `client_assertion.audience`
    package let assertionAudience: AssertionAudience
    /// `client_assertion.longest_lifetime` and `client_assertion.single_use`
    package internal(set) var assertionRules: AssertionRules
    /// `dpop.nonce`: whether DPoP proofs must have a nonce of the service. Sealing keys are needed then.
    package internal(set) var dpopNonce = false
    /// `replay`; `nil` if each replica remembers for itself alone.
    package internal(set) var replay: ReplaySettings?
    /// `throttle`
    package let throttle: FailureLimits
    /// `limits.queue_wait`
    package let queueWait: Duration
    /// `limits.idle_timeout`
    package let idleTimeout: Duration
    /// `limits.memory`, in octets; `nil` for the limit of the container.
    package let memory: Int?
    /// `tls`
    package let tls: TLSTermination
    /// `tls.client_ca`; `nil` if no certificate of a client is verified by an authority.
    package internal(set) var clientCAFile: FilePath?
    /// `access_token.certificate_bound`
    package internal(set) var bindsTokensToCertificates = false
    /// `access_token.status_list`
    package internal(set) var listsStatus = false
    /// `revocation`: whether clients may revoke what they have.
    package internal(set) var revocation = false
    /// `tls.mtls_alias`; `nil` for the origin of the issuer.
    package internal(set) var certificateOrigin: String?
    /// `trusted_proxies`
    package internal(set) var trustedProxies: TrustedProxySettings
    /// `drain_delay`
    package let drainDelay: Duration
    /// `log_level`
    package internal(set) var logLevel: LogLevel
    /// `metrics.per_client`: whether metrics count clients one by one.
    package let metricsPerClient: Bool
    /// `tracing`; `nil` if it is off.
    package let tracing: TracingDestination?
    /// `ca_file`: the certificate authorities of other servers; `nil` for those of the environment or of the system.
    package internal(set) var caFile: FilePath?
    /// Mistakes that do not keep the service from starting.
    package internal(set) var warnings: [Problem]
    /// How this program opens the files that the configuration names.
    package internal(set) var access: FileAccess = .command()
    /// What the configuration was read from.
    var source = ConfigurationSource(file: "", environment: [:])
    /// The settings that some layer sets.
    var settings: [SettingName: SettingLayers.Setting] = [:]

    /// The keys folder.
    package var keys: KeysFolder { keys(access) }

    /// The keys folder, opened in another way.
    package func keys(_ access: FileAccess) -> KeysFolder {
        KeysFolder(
            keysFolder, algorithm: algorithm, profile: profile, passphraseFile: keysPassphraseFile,
            places: keyPlaces.places, access: access)
    }

    /// Makes and opens keys like ``keys``, and stands for a Secret in messages.
    package var keysInSecret: KeysFolder {
        KeysFolder(
            FilePath(KeysSecret.place), algorithm: algorithm, profile: profile, passphraseFile: keysPassphraseFile,
            places: keyPlaces.places, access: access)
    }

    /// The clients file, or the folder of clients.
    package var clients: ClientsLocation { ClientsLocation(clientsPath, access) }

    /// The files that decide what the service does, without those in the keys folder.
    package var decidingFiles: [FilePath] {
        [file, issuersFile] + clients.watched + [keysPassphraseFile, clientCAFile].compactMap(\.self) + tls.files
            + connectionFiles
    }

    /// The files for connections to other servers. They are read anew for each connection.
    package var connectionFiles: [FilePath] {
        [caFile].compactMap(\.self) + (replay?.files ?? []) + keyPlaces.files
    }

    /// The files and folders that decide what the service does and that their group can change.
    ///
    /// - Parameters:
    ///   - clients: the registered clients, which may name files.
    ///   - issuers: the trusted issuers, which may name files too.
    package func trustWarnings(_ clients: [Client], _ issuers: IssuersReading = .empty) -> [Problem] {
        let names = (try? keys.keyFileNames()) ?? []
        return TrustedFile.warnings(
            about: decidingFiles + CertificateAuthoritiesFile.paths(of: clients) + issuers.files + [keysFolder]
                + names.map { keysFolder.appending($0.description) })
    }

    /// What keeps the service from keeping its state.
    package var stateWarnings: [Problem] { stateFile.map { StateFile($0).warnings } ?? [] }

    /// What keeps clients from revoking what they have, though they may.
    package var revocationWarnings: [Problem] {
        guard revocation, !clients.canBeWritten else { return [] }
        return [
            Problem(
                .file(clientsPath.string, line: nil),
                "cannot be written by the service, so that it has no revocation endpoint",
                hint: "make its folder writable for the service, or take `revocation` out")
        ]
    }

    /// The file of trusted issuers. There need be none unless the configuration names it.
    package var issuers: IssuersFile {
        IssuersFile(
            issuersFile, mayBeAbsent: settings[.issuers] == nil, access, service: issuer, profile: profile)
    }

    /// The values that are accepted as `aud` of a client's assertion at the token endpoint.
    package var assertionAudiences: [String] {
        guard assertionAudience != .issuer else { return [issuer.description] }
        let origins = [issuer.origin] + [certificateOrigin].compactMap(\.self)
        return [issuer.description] + origins.map { $0 + endpoints.token }
    }

    /// The same at the endpoint with a URL: some clients name the one that they call.
    package func assertionAudiences(at url: String) -> [String] {
        assertionAudience == .issuer ? assertionAudiences : assertionAudiences + [url]
    }

    /// The rules that apply to every token.
    package var policy: IssuancePolicy {
        IssuancePolicy(
            issuer: issuer, algorithm: algorithm, accessTokenLifetime: accessTokenLifetime,
            accessTokenReuse: accessTokenReuse, refreshTokenLifetime: refreshTokenLifetime,
            bindsTokensToCertificates: bindsTokensToCertificates, listsStatus: listsStatus
        ).under(profile)
    }

    /// The longest lifetimes of tokens that these clients can get.
    package func lifetimes(of clients: [Client]) -> TokenLifetimes {
        TokenLifetimes(
            accessToken: clients.compactMap(\.accessTokenLifetime).reduce(accessTokenLifetime, max),
            refreshToken: refreshTokenLifetime)
    }

    /// The longest lifetimes of tokens that any client can get. They are used if the clients cannot be read, so that no
    /// key is removed too early.
    package var longestLifetimes: TokenLifetimes {
        TokenLifetimes(accessToken: longestAccessTokenLifetime, refreshToken: refreshTokenLifetime)
    }

    /// The longest lifetime that access tokens of a client can have.
    package var longestAccessTokenLifetime: Duration { .seconds(86400) }
}

/// Which audiences a client's assertion may have: `client_assertion.audience`.
package enum AssertionAudience: String, Sendable, CaseIterable {
    /// The issuer or the token endpoint, as in RFC 7523 section 3.
    case either
    /// The issuer only, as in draft-ietf-oauth-rfc7523bis.
    case issuer
}

/// The least severe level that is logged: `log_level` of the configuration. The names are those of swift-log.
package enum LogLevel: String, Sendable, CaseIterable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical
}
