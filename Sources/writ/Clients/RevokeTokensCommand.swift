import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct Revoke: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke the tokens that a client has.",
            discussion: """
                Access tokens that were issued before a moment are refused from then on, and so are refresh tokens whose first \
                token was. Without --in the moment is the next second. The client gets new tokens as before: rotate or remove its \
                credentials if they were stolen.
                """)

        static let examples = [
            "writ clients revoke reporting --dry-run", "writ clients revoke reporting --in 90s --yes",
            "writ clients revoke --all --yes",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var confirmation: ConfirmationOptions

        @Argument(help: "The client identifier.")
        var id: String?

        @Flag(help: "Revoke the tokens of all clients.")
        var all = false

        @Option(
            name: .customLong("in"),
            help: "How far ahead the moment lies, such as 90s: time for every replica to read the file before.")
        var delay: String?

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            if (id == nil) != all { throw ValidationError("give a client identifier or --all") }
        }

        func run() throws {
            let id = try id.map(ClientsCommand.id)
            let delay = try delay.map(Self.delay)
            let configuration = try configurationOption.read()
            let plan = try RevocationPlan(of: id, delay: delay, configuration)
            if let warning = plan.warning {
                Terminal.warn(warning, hint: "`writ config check` names a free place, for the next time")
            }
            guard !confirmation.dryRun else { return report(plan, at: plan.moment(after: .now), verb: "Would revoke") }
            try confirmation.confirm("Revoke \(plan.subject)? Tokens that are out cannot be brought back.")
            let now = NumericDate.now
            let moment = plan.moment(after: now)
            guard let id else {
                let result = try configuration.clientsEditor.revokeAll(at: moment, now: now)
                if !result.written.isEmpty { report(plan, at: moment, verb: "Revoked") }
                guard result.problems.isEmpty else {
                    Terminal.warn("the clients of these files keep their tokens, since they cannot be written")
                    throw InvalidConfiguration(result.problems)
                }
                return try RevocationCheck.checkMomentsOfAll(result.written, configuration)
            }
            let moments = try configuration.clientsEditor.revoke(id, at: moment, now: now)
            report(plan, at: moment, verb: "Revoked")
            try RevocationCheck.checkMoments(moments, of: id, configuration)
        }

        private static func delay(_ text: String) throws -> Duration {
            let delay = try OptionValue.parse(text, "--in", DurationText.parse)
            guard (.seconds(1) ... .seconds(86400)).contains(delay) else {
                throw ValidationError("--in is not between 1s and 24h")
            }
            return delay
        }

        private func report(_ plan: RevocationPlan, at moment: NumericDate, verb: String) {
            if json {
                var writer = JSONWriter()
                plan.write(to: &writer, at: moment)
                Terminal.print(writer)
            } else {
                Terminal.print("\(verb) \(plan.subject), if issued before \(moment.rfc3339)")
                plan.consequences(at: moment).forEach(Terminal.note)
            }
            guard delay == nil else { return }
            Terminal.warn(
                "a replica that reads the file later issues tokens until then that are refused for the whole of their life",
                hint: "--in 90s gives each replica the time, if files arrive late (a ConfigMap takes about a minute)")
        }
    }
}
