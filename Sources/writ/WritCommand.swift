import AccessToken
import ArgumentParser

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
        var command: any ParsableCommand
        // ArgumentParser reports its own errors: usage, help and the version.
        do { command = try parseAsRoot(arguments) } catch { exit(withError: error) }
        do {
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

    /// The arguments without the program's name. One kid in 64 begins with a dash, so it is moved behind all options.
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

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Request, inspect and verify access tokens.",
        subcommands: [Request.self, Inspect.self, Verify.self])
}
