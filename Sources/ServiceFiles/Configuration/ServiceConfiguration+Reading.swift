import AccessToken
import JOSE
package import OAuth
package import SystemPackage
import WireText

extension ServiceConfiguration {
    /// Values from the command line. They override the environment and the file.
    package struct Options: Sendable {
        /// `--issuer`
        package var issuer: String?
        /// `--listen`
        package var listen: String?
        /// `--management`
        package var management: String?
        /// `--log-level`
        package var logLevel: String?

        /// `nil` leaves a setting to the environment and the file.
        package init(
            issuer: String? = nil, listen: String? = nil, management: String? = nil, logLevel: String? = nil
        ) {
            self.issuer = issuer
            self.listen = listen
            self.management = management
            self.logLevel = logLevel
        }

        var settings: [SettingName: SettingLayers.Setting] {
            let values: [(SettingName, String, String?)] = [
                (.issuer, "--issuer", issuer), (.listen, "--listen", listen),
                (.management, "--management", management), (.logLevel, "--log-level", logLevel),
            ]
            return Dictionary(
                uniqueKeysWithValues: values.compactMap { name, option, value in
                    value.map { (name, SettingLayers.Setting(text: $0, place: .option(option))) }
                })
        }
    }

    /// Reads the file. The environment overrides it, and `options` override both.
    ///
    /// - Parameter access: how this program opens the file, and the files that it names.
    /// - Throws: all problems at once.
    package init(
        reading file: FilePath, environment: [String: String], options: Options = Options(),
        access: FileAccess = .command()
    ) throws(InvalidConfiguration) {
        try self.init(
            ConfigurationSource(file: file, environment: environment, options: options), access: access)
    }

    /// The same with a file that may be absent.
    ///
    /// - Parameter profileInForce: the profile of a running service, by which the settings are checked, since another one in
    ///   the file takes effect with a restart; `nil` for that of the file.
    package init(
        _ source: ConfigurationSource, access: FileAccess = .command(), profileInForce: SecurityProfile? = nil
    ) throws(InvalidConfiguration) {
        let file = source.file
        let afterStart = source.afterStart
        let layers = try source.layers(source.yaml(access))
        var reader = SettingReader(layers: layers, file: file)
        let issuer = reader.required(.issuer, Self.issuer, hint: "issuer: https://tokens.example.com")
        let profile = reader.profile()
        let listen = reader.value(.listen, ListenAddress.init)
        let management = reader.value(.management, Self.management)
        let console = reader.value(.console, DurationText.parseSwitch) ?? false
        if console, case .some(nil) = management {
            reader.note(
                .console, "needs the management listener, which is off",
                hint: "set management to an address such as 127.0.0.1:8081, or take console out")
        }
        let tokenPath = reader.value(.tokenPath, Self.tokenPath)
        let algorithm = reader.value(.accessTokenAlgorithm, IssuancePolicy.algorithm(named:))
        let accessTokenLifetime = reader.value(.accessTokenLifetime, DurationText.parseAccessTokenLifetime)
        let accessTokenReuse = reader.value(.accessTokenReuse, DurationText.parseAccessTokenReuse)
        let listsStatus = reader.value(.accessTokenStatusList, DurationText.parseSwitch)
        let refreshTokenLifetime = reader.value(.refreshTokenLifetime, DurationText.parseRefreshTokenLifetime)
        let revocation = reader.value(.revocation, DurationText.parseSwitch)
        let drainDelay = reader.value(.drainDelay, Self.drainDelay)
        let logLevel = reader.value(.logLevel, Self.logLevel)
        let metricsPerClient = reader.value(.metricsPerClient, DurationText.parseSwitch)
        let assertionAudience = reader.value(.assertionAudience, Self.assertionAudience)
        let assertionRules = reader.assertionRules()
        let dpopNonce = reader.value(.dpopNonce, DurationText.parseSwitch)
        let replay = reader.replaySettings()
        let throttle = reader.throttle()
        let queueWait = reader.value(.queueWait, DurationText.parseWait)
        let idleTimeout = reader.value(.idleTimeout, DurationText.parseIdleTimeout)
        let memory = reader.value(.memory, SizeText.parseMemory)
        let tls = reader.tlsTermination(of: issuer)
        let tracing = reader.tracingDestination(environment: source.environment)
        let trustedProxies = reader.trustedProxies(tls)
        let certificates = reader.certificates(tls, trustedProxies)
        let keysFolder = reader.path(.keys, default: "keys")
        let clientsPath = reader.path(.clients, default: "clients.yaml")
        let delegations = reader.delegations()
        let issuersFile = reader.path(.issuers, default: "issuers.yaml")
        let stateFile = reader.path(.state)
        let keysPassphraseFile = reader.path(.keysPassphraseFile)
        let keysRotation = reader.rotationPlan()
        let keyPlaces = reader.keyPlaces()
        let caFile = reader.path(.caFile)
        if let listen, let management = management ?? Self.defaultManagement, listen == management, listen.port != 0 {
            reader.note(.listen, "is the same address as management")
        }
        let refusesAuthorization = reader.refusesAuthorization()
        let endpoints = issuer.map {
            EndpointPaths(issuer: $0, token: tokenPath, refusesAuthorization: refusesAuthorization)
        }
        if let other = endpoints?.resourceAtTokenPath { reader.note(.tokenPath, "is the path of the \(other)") }
        reader.check(
            profileInForce ?? profile, issuer: issuer, algorithm: algorithm ?? .rs256,
            accessTokenLifetime: accessTokenLifetime,
            assertionAudience: assertionAudience, certificateOrigin: certificates.origin, replay: replay)
        let metadata = reader.metadata(
            adding: issuer.flatMap { issuer in
                endpoints.map {
                    ServerMetadata(
                        issuer: issuer, endpoints: $0, algorithm: algorithm ?? .rs256,
                        certificateOrigin: certificates.origin, profile: profile)
                }
            })
        reader.warnOfMisspeltVariables(source.environment)
        guard let issuer, let endpoints, let metadata, reader.problems.isEmpty else {
            throw InvalidConfiguration(reader.problemsByLine)
        }

        self.init(
            file: file,
            issuer: issuer,
            listen: listen ?? Self.defaultListen,
            management: management ?? Self.defaultManagement,
            keysFolder: keysFolder,
            keysPassphraseFile: keysPassphraseFile,
            keysRotation: keysRotation,
            clientsPath: clientsPath,
            issuersFile: issuersFile,
            endpoints: endpoints,
            metadata: metadata,
            algorithm: algorithm ?? .rs256,
            accessTokenLifetime: accessTokenLifetime ?? .seconds(15 * 60),
            accessTokenReuse: accessTokenReuse ?? .zero,
            refreshTokenLifetime: refreshTokenLifetime ?? .seconds(30 * 86400),
            assertionAudience: assertionAudience ?? (profile == .standard ? .either : .issuer),
            assertionRules: assertionRules,
            throttle: throttle,
            queueWait: queueWait ?? .milliseconds(250),
            idleTimeout: idleTimeout ?? .seconds(75),
            memory: memory,
            tls: tls,
            trustedProxies: trustedProxies,
            drainDelay: drainDelay ?? .seconds(5),
            logLevel: logLevel ?? .info,
            metricsPerClient: metricsPerClient ?? true,
            tracing: tracing,
            warnings: reader.warnings
        )
        self.profile = profile
        self.keyPlaces = keyPlaces
        self.delegations = delegations
        self.console = console
        self.dpopNonce = dpopNonce ?? false
        self.replay = replay
        self.caFile = caFile
        self.stateFile = stateFile
        clientCAFile = certificates.clientCAFile
        bindsTokensToCertificates = certificates.bindsTokens
        certificateOrigin = certificates.origin
        self.listsStatus = listsStatus ?? false
        self.revocation = revocation ?? false
        self.access = access
        self.source = afterStart
        settings = layers.settings
    }

    /// A stand-in for a configuration with problems. It has the paths of keys and clients, so that these can be checked
    /// too.
    ///
    /// - Returns: `nil` if the file cannot be read or is not YAML.
    package init?(findingFilesOf source: ConfigurationSource, access: FileAccess = .command()) {
        guard let yaml = try? source.yaml(access), let issuer = try? Issuer("https://localhost") else { return nil }
        let file = source.file
        var reader = SettingReader(layers: source.layers(yaml), file: file)
        let profile = reader.profile()
        let endpoints = EndpointPaths(issuer: issuer)
        self.init(
            file: file, issuer: issuer, listen: Self.defaultListen, management: Self.defaultManagement,
            keysFolder: reader.path(.keys, default: "keys"),
            keysPassphraseFile: reader.path(.keysPassphraseFile),
            keysRotation: reader.rotationPlan() ?? reader.standInForRotationPlan,
            clientsPath: reader.path(.clients, default: "clients.yaml"),
            issuersFile: reader.path(.issuers, default: "issuers.yaml"),
            endpoints: endpoints,
            metadata: ServerMetadata(issuer: issuer, endpoints: endpoints, algorithm: .rs256),
            algorithm: reader.algorithm(under: profile),
            accessTokenLifetime: .seconds(15 * 60), accessTokenReuse: .zero, refreshTokenLifetime: .seconds(30 * 86400),
            assertionAudience: .either, assertionRules: .standard, throttle: .standard, queueWait: .zero,
            idleTimeout: .zero, memory: nil,
            tls: reader.tlsTermination(of: nil),
            trustedProxies: .none, drainDelay: .zero, logLevel: .info, metricsPerClient: true, tracing: nil,
            warnings: [])
        self.profile = profile
        bindsTokensToCertificates = reader.value(.accessTokenCertificateBound, DurationText.parseSwitch) ?? false
        listsStatus = reader.value(.accessTokenStatusList, DurationText.parseSwitch) ?? false
        dpopNonce = reader.value(.dpopNonce, DurationText.parseSwitch) ?? false
        caFile = reader.path(.caFile)
        clientCAFile = reader.path(.tlsClientCA)
        replay = reader.replaySettings()
        keyPlaces = reader.keyPlaces()
        delegations = reader.delegations()
        self.access = access
        settings = reader.settings
    }

    /// The addresses to listen on, without malformed ones.
    package static func addresses(in source: ConfigurationSource) -> [ListenAddress] {
        guard let yaml = try? source.yaml(.command()) else { return [] }
        var reader = SettingReader(layers: source.layers(yaml), file: source.file)
        let listen = reader.value(.listen, ListenAddress.init, default: defaultListen)
        let management = reader.value(.management, Self.management, default: defaultManagement)
        return [listen, management.flatMap { $0 }].compactMap { $0 }
    }

    private static let defaultListen = ListenAddress(host: "127.0.0.1", port: 8080)
    private static let defaultManagement: ListenAddress? = ListenAddress(host: "127.0.0.1", port: 8081)

    private static func tokenPath(_ text: String) throws(InvalidValue) -> String {
        let allowed = "/-._~!$&'()*+,;=:@".utf8
        guard text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("/.well-known/"),
            text.utf8.allSatisfy({ allowed.contains($0) || ASCII.isDigit($0) || ASCII.isLetter($0) })
        else { throw InvalidValue("is not a path such as /oauth2/token") }
        return text
    }

    private static func issuer(_ text: String) throws(InvalidValue) -> Issuer {
        guard !text.contains("/.well-known/") else {
            throw InvalidValue("is the URL of a metadata document; the issuer is the part before /.well-known/")
        }
        return try Issuer(text)
    }

    /// `nil` if it is off.
    private static func management(_ text: String) throws(InvalidValue) -> ListenAddress? {
        DurationText.isOff(text) ? nil : try ListenAddress(text)
    }

    private static func assertionAudience(_ text: String) throws(InvalidValue) -> AssertionAudience {
        guard let audience = AssertionAudience(rawValue: text) else {
            throw InvalidValue("is neither \"either\" nor \"issuer\"")
        }
        return audience
    }

    private static func drainDelay(_ text: String) throws(InvalidValue) -> Duration {
        let delay = try DurationText.parse(text)
        guard delay <= .seconds(300) else { throw InvalidValue("is longer than 5m") }
        return delay
    }

    private static func logLevel(_ text: String) throws(InvalidValue) -> LogLevel {
        guard let level = LogLevel(rawValue: text) else {
            throw InvalidValue("is not one of trace, debug, info, notice, warning, error and critical")
        }
        return level
    }
}
