import ArgumentParser
import JOSE
import ServiceFiles
import TokenHTTP

struct ConfigCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check and show the configuration.", subcommands: [Check.self, Show.self])

    static let examples = ["writ config check --running"]

    struct Check: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Report everything that serve would refuse, all at once.")

        static let examples = ["writ config check --running --config site/writ.yaml"]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var settings: SettingOptions

        @Flag(help: "Do not try to listen on the addresses: the running service has them.")
        var running = false

        func run() async throws {
            let source = try configurationOption.source(settings.values)
            let warnings = try await ConfigurationCheck.run(source, triesAddresses: !running)
            for warning in warnings { Terminal.warn(warning) }
            Terminal.print("\(source.file): ok")
        }
    }

    struct Show: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show every setting as it is in force, and where it comes from.")

        static let examples = ["writ config show --json"]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var settings: SettingOptions

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let settings = try configurationOption.read(settings.values, .command).effectiveSettings
            guard json else {
                let rows = settings.map { [$0.name, $0.value ?? "-", $0.origin] }
                return Terminal.print(Terminal.table([["SETTING", "VALUE", "FROM"]] + rows))
            }
            var writer = JSONWriter()
            writer.object { object in
                for setting in settings { setting.write(to: &object) }
            }
            Terminal.print(writer)
        }
    }
}
