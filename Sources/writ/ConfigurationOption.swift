import ArgumentParser
import Foundation
import SystemPackage
import TokenHTTP

/// Finds the configuration: `--config`, else `WRIT_CONFIG`, else `writ.yaml` in the working folder.
struct ConfigurationOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file.", discussion: "Else WRIT_CONFIG, else ./writ.yaml.", valueName: "path"))
    var config: String?

    var path: FilePath {
        FilePath(config ?? ProcessInfo.processInfo.environment["WRIT_CONFIG"] ?? "writ.yaml")
    }

    func read(_ options: ServiceConfiguration.Options = .init()) throws -> ServiceConfiguration {
        try ServiceConfiguration(reading: path, environment: ProcessInfo.processInfo.environment, options: options)
    }
}

extension Failure {
    init(_ invalid: InvalidConfiguration) {
        if invalid.problems.count == 1, let problem = invalid.problems.first {
            self.init("\(problem.place): \(problem.message)", hint: problem.hint)
        } else {
            self.init("\(invalid.problems.count) problems\n\(invalid)")
        }
    }
}
