import AccessToken
import LiveState
import NIOCore
import NIOPosix
package import ServiceFiles
package import SystemPackage

/// Finds all problems at once that `writ serve` would report.
package enum ConfigurationCheck {
    /// Checks the configuration file, and the keys, clients and TLS files that it names. These are checked even if the
    /// configuration file has problems, as long as it names them.
    ///
    /// - Parameter triesAddresses: whether to try to listen on the addresses. A running service already occupies them.
    /// - Returns: mistakes that do not keep the service from starting. They are reported only if there are no problems.
    @discardableResult
    package static func run(
        _ file: FilePath, environment: [String: String], triesAddresses: Bool
    ) async throws(InvalidConfiguration) -> [Problem] {
        var problems: [Problem] = []
        let configuration: ServiceConfiguration
        do throws(InvalidConfiguration) {
            configuration = try ServiceConfiguration(reading: file, environment: environment, access: .service)
        } catch {
            problems = error.problems
            guard
                let reduced = ServiceConfiguration(
                    findingFilesOf: file, environment: environment, access: .service)
            else {
                throw error
            }
            configuration = reduced
        }
        problems += problemsWithFiles(of: configuration)
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try configuration.tlsIdentity() }
        let addresses = ServiceConfiguration.addresses(in: file, environment: environment)
        for address in addresses where triesAddresses {
            guard let error = await address.probe() else { continue }
            problems.append(Problem(.file(file.string, line: nil), error.description, hint: error.hint))
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return configuration.warnings + configuration.trustWarnings
    }

    /// The problems with keys and clients.
    private static func problemsWithFiles(of configuration: ServiceConfiguration) -> [Problem] {
        var problems: [Problem] = []
        let keys = configuration.keys
        guard configuration.keysRotation != nil, keys.signing.lacksFirstKey else {
            // The service makes the first sealing key itself.
            let makesKeys = configuration.keysRotation != nil && keys.canBeWritten
            var loader = SnapshotLoader(configuration, expectsSealingKey: makesKeys && keys.sealing.lacksFirstKey)
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try loader.load(now: .now) }
            // What would not keep the service from starting is a problem all the same.
            return InvalidConfiguration(problems + loader.problems).problems
        }
        // The service makes the first signing key itself.
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try keys.passphrase() }
        if keys.exists {
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try keys.loadSealing() }
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try ClientsFile.clients(in: configuration.clientsFile, configuration.access)
        }
        if !keys.canBeWritten {
            let message = "holds no key, and keys_rotation cannot write the first one there"
            problems.append(Problem(.file(configuration.keysFolder.string, line: nil), message))
        }
        return problems
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
