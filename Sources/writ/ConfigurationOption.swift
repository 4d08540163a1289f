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

    var path: FilePath {
        FilePath(name ?? "writ.yaml")
    }

    /// Whether the operator names the file.
    var isNamed: Bool { name != nil }

    private var name: String? { config ?? ProcessInfo.processInfo.environment["WRIT_CONFIG"] }

    /// Reads the configuration for a command.
    func read() throws -> ServiceConfiguration { try read(.init(), .command) }

    func read(_ options: ServiceConfiguration.Options, _ access: FileAccess) throws -> ServiceConfiguration {
        try ServiceConfiguration(
            reading: path, environment: ProcessInfo.processInfo.environment, options: options, access: access)
    }
}

extension FileAccess {
    /// A command that tells its operator which lock it waits for.
    static let command = FileAccess.command { Terminal.note("waiting for \($0)") }
}
