import ArgumentParser
import Foundation
import ServiceFiles
import SystemPackage

/// The option for the configuration file: `--config`, else `WRIT_CONFIG`, else `writ.yaml` in the working folder.
struct ConfigurationOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file.", discussion: "Without it WRIT_CONFIG, else ./writ.yaml.", valueName: "path"))
    var config: String?

    /// The file, the environment and these options. If nothing names a file, there need be none.
    func source(_ options: ServiceConfiguration.Options = .init()) throws -> ConfigurationSource {
        let environment = ProcessInfo.processInfo.environment
        if let name, name.isEmpty {
            let place = config == nil ? Problem.Place.environment("WRIT_CONFIG") : .option("--config")
            throw InvalidConfiguration([Problem(place, "is empty")])
        }
        return ConfigurationSource(file: path, mayBeAbsent: !isNamed, environment: environment, options: options)
    }

    var path: FilePath { FilePath(name ?? "writ.yaml") }

    /// Whether the operator names the file.
    var isNamed: Bool { name != nil }

    private var name: String? { config ?? ProcessInfo.processInfo.environment["WRIT_CONFIG"] }

    /// Reads the configuration for a command.
    func read() throws -> ServiceConfiguration { try read(.init(), .command) }

    func read(_ options: ServiceConfiguration.Options, _ access: FileAccess) throws -> ServiceConfiguration {
        try ServiceConfiguration(source(options), access: access)
    }
}

extension FileAccess {
    /// A command that tells its operator which lock it waits for.
    static let command = FileAccess.command { Terminal.note("waiting for \($0)") }
}
