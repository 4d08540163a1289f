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
        FilePath(config ?? ProcessInfo.processInfo.environment["WRIT_CONFIG"] ?? "writ.yaml")
    }

    func read(_ options: ServiceConfiguration.Options = .init()) throws -> ServiceConfiguration {
        try ServiceConfiguration(reading: path, environment: ProcessInfo.processInfo.environment, options: options)
    }
}
