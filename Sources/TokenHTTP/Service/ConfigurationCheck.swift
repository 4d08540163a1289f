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
        let (fileProblems, clients) = checkFiles(of: configuration)
        problems += fileProblems
        let identity = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.tlsIdentity()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.checkAuthorities()
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.checkAuthorities(of: clients?.clients ?? [])
        }
        for address in ServiceConfiguration.addresses(in: source) where triesAddresses {
            guard let error = await address.probe() else { continue }
            problems.append(Problem(.file(source.file.string, line: nil), error.description, hint: error.hint))
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        let certificateWarnings = identity??.warnings(for: configuration.issuer, now: .now) ?? []
        return configuration.warnings + configuration.trustWarnings(clients?.clients ?? [])
            + (clients?.warnings ?? [])
            + certificateWarnings
    }

    /// The problems with keys and clients, and the clients; `nil` if their file cannot be read as a whole.
    private static func checkFiles(
        of configuration: ServiceConfiguration
    ) -> (problems: [Problem], clients: ClientsReading?) {
        var problems: [Problem] = []
        let keys = configuration.keys
        guard configuration.keysRotation != nil, keys.signing.lacksFirstKey else {
            // The service makes the first sealing key itself.
            let makesKeys = configuration.keysRotation != nil && keys.canBeWritten
            var loader = SnapshotLoader(configuration, expectsSealingKey: makesKeys && keys.sealing.lacksFirstKey)
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try loader.load(now: .now) }
            // What would not keep the service from starting is a problem all the same.
            return (InvalidConfiguration(problems + loader.problems).problems, loader.clientsReading)
        }
        // The service makes the first signing key itself.
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try keys.passphrase() }
        if keys.exists {
            InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in try keys.loadSealing() }
        }
        let clients = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try ClientsFile(parsing: configuration.clientsFile, configuration.access).read()
        }
        problems += clients?.problems ?? []
        if !keys.canBeWritten {
            let message = "holds no key, and keys_rotation cannot write the first one there"
            problems.append(Problem(.file(configuration.keysFolder.string, line: nil), message))
        }
        return (problems, clients)
    }
}
