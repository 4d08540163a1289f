import ArgumentParser
import TokenHTTP

@main
struct WritCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "writ",
        abstract: "A stateless OAuth 2.0 token service for machines.",
        version: Release.version,
        subcommands: [
            InitCommand.self, ServeCommand.self, KeysCommand.self, ClientsCommand.self, TokenCommand.self,
            ConfigCommand.self, HealthCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard let failure = Failure(error) else { exit(withError: error) }
            Terminal.report(failure)
            exit(withError: ExitCode.failure)
        }
    }
}
