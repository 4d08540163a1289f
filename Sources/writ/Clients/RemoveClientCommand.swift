import AccessToken
import ArgumentParser
import ServiceFiles

extension ClientsCommand {
    struct Remove: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a client.",
            discussion: """
                Its access tokens are revoked for verifiers that check the status list (access_token.status_list), and for those \
                that introspect. Other verifiers accept them until they expire. What is left of it in the clients file, under \
                removed, is dropped by a later command that adds or removes a client, when the tokens have expired.
                """)

        static let examples = ["writ clients remove reporting --dry-run", "writ clients remove reporting --yes"]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var confirmation: ConfirmationOptions

        @Argument(help: "The client identifier.")
        var id: String

        func run() throws {
            let id = try ClientsCommand.id(id)
            let configuration = try configurationOption.read()
            guard !confirmation.dryRun else {
                try configuration.clientsEditor.checkEntry(of: id)
                return Terminal.note("Would remove \(id).")
            }
            try confirmation.confirm(
                "Remove \(id)? It gets no further tokens, its access tokens are revoked, and its secrets cannot be restored."
            )
            let removed = try configuration.clientsEditor.remove(id, now: .now)
            try RevocationCheck.checkRemoval(of: id, configuration)
            Terminal.note("Removed \(id).")
            if removed == nil {
                Terminal.warn(
                    "its place in the status lists is that of another client: its access tokens are not revoked there")
            }
        }
    }
}
