import AccessToken
import ArgumentParser
import Foundation
import ServiceFiles
import TokenHTTP

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration.", subcommands: [Check.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Report everything that serve would refuse, all at once.")

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "The service is running: do not try its addresses, which it has.")
        var running = false

        func run() async throws {
            try await ConfigurationCheck.run(
                configurationOption.path, environment: ProcessInfo.processInfo.environment, triesAddresses: !running)
            Terminal.print("\(configurationOption.path): good")
        }
    }
}
