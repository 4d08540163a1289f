import AccessToken
import LiveState
import NIOCore
import NIOPosix
import OAuth
package import ServiceFiles
import SystemPackage

/// Finds all problems at once that `writ serve` would report.
package enum ConfigurationCheck {
    /// Checks the configuration file, and the keys, clients and TLS files that it names. These are checked even if the
    /// configuration file has problems, as long as it names them.
    ///
    /// - Parameters:
    ///   - source: the file, the environment and the options that `writ serve` would read.
    ///   - triesAddresses: whether to try to listen on the addresses. A running service already occupies them.
    /// - Returns: mistakes that do not keep the service from starting. They are reported only if there are no problems.
    @discardableResult
    package static func run(
        _ source: ConfigurationSource, triesAddresses: Bool
    ) async throws(InvalidConfiguration) -> [Problem] {
        var problems: [Problem] = []
        let configuration: ServiceConfiguration
        do throws(InvalidConfiguration) {
            configuration = try ServiceConfiguration(source, access: .service)
        } catch {
            problems = error.problems
            guard let reduced = ServiceConfiguration(findingFilesOf: source, access: .service) else { throw error }
            configuration = reduced
        }
        let (fileProblems, clients, issuers) = checkFiles(of: configuration)
        problems += fileProblems
        let identity = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.tlsIdentity()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.checkAuthorities()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.clientAuthorities()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.checkStorePassword()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.checkKeyPlaces()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.checkAuthorities(of: clients?.clients ?? [], issuers.issuers)
        }
        for address in ServiceConfiguration.addresses(in: source) where triesAddresses {
            guard let error = await address.probe() else { continue }
            problems.append(Problem(.file(source.file.string, line: nil), error.description, hint: error.hint))
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        let certificateWarnings = identity??.warnings(for: configuration.issuer, now: .now) ?? []
        return configuration.warnings + configuration.trustWarnings(clients?.clients ?? [], issuers)
            + configuration.revocationWarnings + configuration.stateWarnings
            + issuers.warnings + (clients?.warnings ?? []) + configuration.overlapWarnings(clients?.clients ?? [])
            + certificateWarnings
    }

    /// The problems with keys, clients and issuers; the clients, `nil` if their file cannot be read as a whole; and the
    /// issuers.
    private static func checkFiles(
        of configuration: ServiceConfiguration
    ) -> (problems: [Problem], clients: ClientsReading?, issuers: IssuersReading) {
        var problems: [Problem] = []
        let keys = configuration.keys
        guard configuration.keysRotation != nil, keys.signing.lacksFirstKey else {
            // The service makes the first sealing key itself.
            let makesKeys = configuration.keysRotation != nil && keys.canBeWritten
            var loader = SnapshotLoader(configuration, expectsSealingKey: makesKeys && keys.sealing.lacksFirstKey)
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try loader.load(now: .now) }
            // What would not keep the service from starting is a problem all the same.
            return (
                InvalidConfiguration(problems + loader.problems).problems, loader.clientsReading,
                loader.issuersReading ?? .empty
            )
        }
        // The service makes the first signing key itself.
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try keys.passphrase() }
        if keys.exists {
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try keys.loadSealing() }
        }
        let issuers = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.issuers.read()
        }
        problems += issuers?.problems ?? []
        let clients = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.clients.read(issuers: issuers?.names, context: configuration.clientsContext)
        }
        problems += clients?.problems ?? []
        if !keys.canBeWritten {
            let message = "holds no key, and keys_rotation cannot write the first one there"
            problems.append(Problem(.file(configuration.keysFolder.string, line: nil), message))
        }
        return (problems, clients, issuers ?? .empty)
    }
}

extension ServiceConfiguration {
    /// The clients that a token of one issuer could be of both. It is refused then, unless the request names the client.
    fileprivate func overlapWarnings(_ clients: [Client]) -> [Problem] {
        IdentityOverlaps(of: clients).pairs.map { pair in
            Problem(
                .file(clientsPath.string, line: nil),
                "clients \(pair.first) and \(pair.second): one token of the issuer \(pair.issuer) could be of both",
                hint: "pin more of one of them, or let their requests have client_id")
        }
    }
}

extension ListenAddress {
    /// Listens on the address for a moment, as the service would.
    ///
    /// - Returns: the error, or `nil` if the service could listen.
    func probe() async -> ListenerError? {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
            try await channel.close().get()
            return nil
        } catch {
            return ListenerError(self, error)
        }
    }
}
