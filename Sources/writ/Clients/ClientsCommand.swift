import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

struct ClientsCommand: ParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "Add, change, show, remove and import clients, rotate their secrets, and revoke their tokens.",
        subcommands: [
            Add.self, Change.self, List.self, Show.self, RotateSecret.self, Revoke.self, Remove.self, Import.self,
            Diff.self, Lint.self, WhoCan.self,
        ])

    static let examples = ["writ clients list"]

    /// Parses a client identifier from the command line.
    static func id(_ text: String) throws -> ClientID {
        try OptionValue.parse(text, "the client identifier", ClientID.init)
    }
}

extension ServiceConfiguration {
    /// Edits the clients file, or those of the folder.
    var clientsEditor: ClientsEditor {
        // Without a profile, a client may be added before what it needs is configured.
        ClientsEditor(
            clients, context: profile == .standard ? nil : clientsContext, delegations: delegations,
            retention: max(longestAccessTokenLifetime, refreshTokenLifetime))
    }
}

extension ClientsReading {
    /// The client with an identifier.
    ///
    /// - Throws: what does not check if that may be the reason that there is none.
    func client(_ id: ClientID) throws -> Client {
        if let client = (clients + disabled).first(where: { $0.id == id }) { return client }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        throw ClientsFileEditError.noSuchClient
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
