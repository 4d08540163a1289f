import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

struct ClientsCommand: ParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "Add, show and remove clients, rotate their secrets, and revoke their tokens.",
        subcommands: [Add.self, List.self, Show.self, RotateSecret.self, Revoke.self, Remove.self])

    static let examples = ["writ clients list"]

    /// Parses a client identifier from the command line.
    static func id(_ text: String) throws -> ClientID {
        try OptionValue.parse(text, "the client identifier", ClientID.init)
    }
}

extension ServiceConfiguration {
    /// Edits the clients file.
    var clientsEditor: ClientsFileEditor {
        // Without a profile, a client may be added before what it needs is configured.
        ClientsFileEditor(
            clientsFile, access, context: profile == .standard ? nil : clientsContext,
            retention: max(longestAccessTokenLifetime, refreshTokenLifetime))
    }
}

extension GeneratedClientSecret {
    /// Prints the secret, which is not shown again.
    func show(for id: ClientID, scope: Scope?, asJSON: Bool) {
        let lost = "the new secret is valid but was not shown: `writ clients rotate-secret` makes another"
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
