import ArgumentParser

struct TokenCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Request, inspect, verify and introspect access tokens, and make DPoP proofs.",
        subcommands: [Request.self, Inspect.self, Verify.self, Introspect.self, Proof.self])

    static let examples = ["writ token inspect < token.txt"]
}
