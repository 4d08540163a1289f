import ArgumentParser

struct TokenCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Request, inspect and verify access tokens.",
        subcommands: [Request.self, Inspect.self, Verify.self])

    static let examples = ["writ token inspect < token.txt"]
}
