import AccessToken
import ArgumentParser
import Foundation
import TokenHTTP

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration.", subcommands: [Check.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Report everything that serve would refuse, all at once.")

        @OptionGroup var configurationOption: ConfigurationOption

        func run() throws {
            do throws(InvalidConfiguration) {
                try ConfigurationCheck.run(
                    configurationOption.path, environment: ProcessInfo.processInfo.environment)
            } catch {
                throw Failure(error)
            }
            Terminal.print("\(configurationOption.path): good")
        }
    }
}
