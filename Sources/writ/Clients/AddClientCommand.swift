import AccessToken
import ArgumentParser
import OAuth
import TokenHTTP

extension ClientsCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a client and print its secret, once.")

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The client identifier.")
        var id: String

        @Option(help: "A name for people.")
        var name: String?

        @Option(help: "What it may ask for: scope tokens with spaces between them.")
        var scope = ""

        @Option(help: "An audience that it may name; the first is the default. May be repeated.")
        var resource: [String] = []

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let id = try ClientsCommand.id(id)
            let scope = try OptionValue.parse(scope, "--scope", Scope.init)
            let resources = try resource.map {
                try OptionValue.parse($0, "--resource") { text throws(InvalidValue) in try Audience(text) }
            }
            let configuration = try configurationOption.read()
            let secret = try GeneratedClientSecret()
            try ClientsFileEditor(configuration.clientsFile).add(
                NewClient(id: id, name: name, secretHash: secret.hash, scope: scope, resources: resources))
            secret.show(for: id, scope: scope, asJSON: json)
        }
    }
}
