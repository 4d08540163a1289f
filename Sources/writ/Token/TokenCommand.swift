import ArgumentParser

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Get a token, look into it, verify it.",
        subcommands: [Request.self, Inspect.self, Verify.self])
}
