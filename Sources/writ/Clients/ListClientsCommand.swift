import AccessToken
import ArgumentParser
import JOSE
import OAuth
import TokenHTTP

extension ClientsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the clients.")

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let clients = try ClientsFile(reading: configuration.clientsFile).clients
            if json { printJSON(clients) } else { printTable(clients) }
        }

        private func printJSON(_ clients: [Client]) {
            var writer = JSONWriter()
            writer.array { array in
                for client in clients {
                    array.object { object in
                        object.member("client_id", client.id.description)
                        if let name = client.name { object.member("client_name", name) }
                        object.member("grant_types", client.grantTypes.map(\.rawValue).sorted())
                        object.member("scope", client.scope.description)
                        object.member("resources", client.resources.map(\.description))
                        object.name("client_secrets")
                        object.array { secrets in
                            for secret in client.secrets {
                                secrets.object {
                                    $0.member("expires_at", Self.expiry(secret).map { .string($0) } ?? .null)
                                }
                            }
                        }
                    }
                }
            }
            Terminal.print(writer)
        }

        private func printTable(_ clients: [Client]) {
            let rows = clients.map { client in
                [
                    client.id.description, client.scope.description,
                    client.resources.map(\.description).joined(separator: " "),
                    client.secrets.map { Self.expiry($0) ?? "no end" }.joined(separator: ", "),
                ]
            }
            Terminal.print(Terminal.table([["CLIENT_ID", "SCOPE", "RESOURCES", "SECRETS UNTIL"]] + rows))
        }

        private static func expiry(_ secret: ClientSecret) -> String? {
            secret.expiresAt.map(Timestamp.format)
        }
    }
}
