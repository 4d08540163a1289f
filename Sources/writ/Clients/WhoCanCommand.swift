import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct WhoCan: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "who-can", abstract: "Name the clients that can get a token with a scope.",
            discussion: """
                A client is named if it may request every scope token, and with --resource if it may request that audience too. \
                Clients are not named that are disabled, that have no grant type, or whose secrets have all expired.
                """)

        static let examples = ["writ clients who-can site.read --resource https://api.example.com"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The scope: scope tokens, separated by spaces.")
        var scope: String

        @Option(help: "The resource or audience that the token is for.")
        var resource: String?

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let scope = try OptionValue.parse(scope, "the scope", Scope.init)
            let audience = try resource.map {
                try OptionValue.parse($0, "--resource") { text throws(InvalidValue) in try Audience(text) }
            }
            let configuration = try configurationOption.read()
            let reading = try configuration.clients.read(context: configuration.clientsContextToShow)
            let issuer = Audience(configuration.issuer)
            let now = NumericDate.now
            show(
                reading.clients.filter { client in
                    let audiences = client.resources + client.audiences
                    let own = audiences.isEmpty ? [issuer] : audiences
                    return scope.isSubset(of: client.scope) && !client.grantTypes.isEmpty
                        && client.hasCredential(at: now)
                        && audience.map { own.spelling(of: $0) != nil } ?? true
                })
            // An entry that does not check may be one that could.
            _ = try reading.checked()
        }

        private func show(_ clients: [Client]) {
            if json {
                var writer = JSONWriter()
                writer.array { array in
                    for client in clients { client.write(to: &array) }
                }
                Terminal.print(writer)
            } else if clients.isEmpty {
                Terminal.note("No client can.")
            } else {
                let rows = clients.map {
                    [$0.id.description, ($0.resources + $0.audiences).map(\.description).joined(separator: " ")]
                }
                Terminal.print(Terminal.table([["CLIENT_ID", "RESOURCES"]] + rows))
            }
        }
    }
}
