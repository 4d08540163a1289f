import AccessToken
import ArgumentParser
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct RotateSecret: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret", abstract: "Give a client a new secret and print it, once.")

        static let examples = [
            "writ clients rotate-secret reporting --keep 24h", "writ clients rotate-secret reporting --dry-run",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var confirmation: ConfirmationOptions

        @Argument(help: "The client identifier.")
        var id: String

        @Option(help: "How long the old secrets stay valid, such as 24h. By default they expire at once.")
        var keep: String?

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let id = try ClientsCommand.id(id)
            let keep = try keep.map(Duration.init(option:))
            let configuration = try configurationOption.read()
            guard !confirmation.dryRun else { return try report(id, keep: keep, configuration) }
            if keep == nil {
                try confirmation.confirm("Give \(id) a new secret? Its present secrets expire at once.")
            }
            let secret = try GeneratedClientSecret()
            let now = NumericDate.now
            try configuration.clientsEditor.rotateSecret(
                of: id, to: secret.hash, oldEnd: keep.map { now + $0 }, now: now)
            // The secret is in the file, whatever the check finds.
            secret.show(for: id, scope: nil, asJSON: json)
            try RevocationCheck.checkSecret(secret.hash, of: id, configuration)
        }

        private func report(_ id: ClientID, keep: Duration?, _ configuration: ServiceConfiguration) throws {
            try configuration.clientsEditor.checkEntry(of: id)
            let end = keep.map { "at \((NumericDate.now + $0).rfc3339)" } ?? "at once"
            Terminal.note("Would give \(id) a new secret. Its present secrets would expire \(end).")
        }
    }
}
