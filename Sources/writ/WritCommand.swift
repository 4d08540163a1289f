import AccessToken
import ArgumentParser

@main
struct WritCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "writ",
        abstract: "A stateless OAuth 2.0 token service for machines.",
        version: Release.version,
        subcommands: [
            InitCommand.self, ServeCommand.self, KeysCommand.self, ClientsCommand.self, IssuersCommand.self,
            TokenCommand.self,
            ConfigCommand.self, HealthCommand.self,
        ])

    static let examples = ["writ init site", "writ config check --running --config site/writ.yaml"]

    // The same voice for ArgumentParser's errors as for those of the commands.
    static var _errorLabel: String { "error" }

    static func main() async {
        let command: any ParsableCommand
        // Usage, help and the version.
        do { command = try parseAsRoot(arguments) } catch { CommandEnd.ofParsing(error, arguments) }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
        } catch {
            CommandEnd.ofRunning(type(of: command), error, arguments)
        }
    }

    /// The arguments without the program's name. One kid in 64 begins with a dash, so it is moved behind all options; one
    /// that was chosen by hand needs `--` in front.
    private static var arguments: [String] {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.starts(with: ["keys", "retire"]), !arguments.contains("--"),
            let kid = arguments.last(where: { $0.hasPrefix("-") && $0.wholeMatch(of: thumbprint) != nil })
        else { return arguments }
        return arguments.filter { $0 != kid } + ["--", kid]
    }

    /// A SHA-256 digest in base64url, RFC 7638.
    private static var thumbprint: Regex<Substring> { /[A-Za-z0-9_-]{43}/ }
}
