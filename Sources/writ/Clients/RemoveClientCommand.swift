import ArgumentParser
import ServiceFiles

extension ClientsCommand {
    struct Remove: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a client.",
            discussion: "Its access tokens stay valid until they expire.")

        static let examples = ["writ clients remove reporting --dry-run", "writ clients remove reporting --yes"]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var confirmation: ConfirmationOptions

        @Argument(help: "The client identifier.")
        var id: String

        func run() throws {
            let id = try ClientsCommand.id(id)
            let configuration = try configurationOption.read()
            guard !confirmation.dryRun else {
                guard try ClientsFile(parsing: configuration.clientsFile, configuration.access).hasEntry(for: id) else {
                    throw ClientsFileEditError.noSuchClient
                }
                return Terminal.note("Would remove \(id).")
            }
            try confirmation.confirm("Remove \(id)? It gets no further tokens, and its secrets cannot be restored.")
            try configuration.clientsEditor.remove(id)
            try RevocationCheck.checkRemoval(of: id, configuration)
            Terminal.note("Removed \(id).")
        }
    }
}
