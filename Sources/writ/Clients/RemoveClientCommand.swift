import ArgumentParser
import ServiceFiles

extension ClientsCommand {
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a client.",
            discussion: "Its access tokens stay valid until they expire.")

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The client identifier.")
        var id: String

        func run() throws {
            let id = try ClientsCommand.id(id)
            let configuration = try configurationOption.read()
            try configuration.clientsEditor.remove(id)
            try RevocationCheck.checkRemoval(of: id, configuration)
            Terminal.note("Removed \(id).")
        }
    }
}
