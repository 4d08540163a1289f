import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct List: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the clients.")

        static let examples = ["writ clients list --json"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let clients = try ClientsFile.clients(in: configuration.clientsFile, configuration.access)
            guard json else { return printTable(clients) }
            var writer = JSONWriter()
            writer.array { array in
                for client in clients { client.write(to: &array) }
            }
            Terminal.print(writer)
        }

        private func printTable(_ clients: [Client]) {
            let rows = clients.map { client in
                [
                    client.id.description,
                    client.authenticationMethods.map(\.rawValue).joined(separator: " "),
                    client.scope.description,
                    (client.resources + client.audiences).map(\.description).joined(separator: " "),
                    client.secrets.isEmpty ? "-" : client.secrets.map(\.end).joined(separator: ", "),
                ]
            }
            Terminal.print(Terminal.table([["CLIENT_ID", "METHODS", "SCOPE", "RESOURCES", "SECRET EXPIRY"]] + rows))
        }
    }
}
