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
            let reading = try configuration.clients.read(context: configuration.clientsContextToShow)
            show(reading)
            // What does not check is out, and the list is not whole.
            _ = try reading.checked()
        }

        private func show(_ reading: ClientsReading) {
            let clients =
                reading.clients.map { (client: $0, isDisabled: false) }
                + reading.disabled.map { (client: $0, isDisabled: true) }
            guard json else { return printTable(clients) }
            var writer = JSONWriter()
            writer.array { array in
                for (client, isDisabled) in clients { client.write(to: &array, isDisabled: isDisabled) }
            }
            Terminal.print(writer)
        }

        private func printTable(_ clients: [(client: Client, isDisabled: Bool)]) {
            let rows = clients.map { client, isDisabled in
                [
                    client.id.description,
                    isDisabled ? "disabled" : client.authenticationMethods.map(\.rawValue).joined(separator: " "),
                    client.scope.description,
                    (client.resources + client.audiences).map(\.description).joined(separator: " "),
                    client.secrets.isEmpty ? "-" : client.secrets.map(\.end).joined(separator: ", "),
                ]
            }
            Terminal.print(Terminal.table([["CLIENT_ID", "METHODS", "SCOPE", "RESOURCES", "SECRET EXPIRY"]] + rows))
        }
    }
}
