import AccessToken
import ArgumentParser
import Foundation
import ServiceFiles
import TokenHTTP

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the configuration.", subcommands: [Check.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Report everything that serve would refuse, all at once.")

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Do not try to listen on the addresses: the running service has them.")
        var running = false

        func run() async throws {
            let warnings = try await ConfigurationCheck.run(
                configurationOption.path, environment: ProcessInfo.processInfo.environment, triesAddresses: !running)
            for warning in warnings { Terminal.note("warning: \(warning)") }
            Terminal.print("\(configurationOption.path): ok")
        }
    }
}
