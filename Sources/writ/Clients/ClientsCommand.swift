import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

struct ClientsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients", abstract: "Add, show and remove clients, and renew their secrets.",
        subcommands: [Add.self, List.self, Show.self, RotateSecret.self, Remove.self])

    /// Reads an identifier from the command line.
    static func id(_ text: String) throws -> ClientID {
        try OptionValue.parse(text, "the client identifier", ClientID.init)
    }
}

extension GeneratedClientSecret {
    /// Shows the secret, this once.
    func show(for id: ClientID, scope: Scope?, asJSON: Bool) {
        let lost = "the secret is in force and nobody has it: `writ clients rotate-secret` makes another"
        if asJSON {
            var writer = JSONWriter()
            writer.object { object in
                object.member("client_id", id.description)
                object.member("client_secret", value)
                if let scope { object.member("scope", scope.description) }
            }
            Terminal.print(writer, ifLost: lost)
        } else {
            Terminal.print("client_id      \(id)\nclient_secret  \(value)", ifLost: lost)
            Terminal.note("The secret is not shown again.")
        }
    }
}
