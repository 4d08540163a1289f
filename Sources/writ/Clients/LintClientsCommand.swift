import AccessToken
import ArgumentParser
import JOSE
import ServiceFiles

extension ClientsCommand {
    struct Lint: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "lint", abstract: "Report what is insecure or useless in the clients.",
            discussion: """
                Ends with status 1 if there is anything to report. What does not check at all is reported by writ config check \
                too; the other findings keep no client from its tokens.
                """)

        static let examples = ["writ clients lint"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let issuers = try configuration.issuers.read()
            let findings = try ClientsLint.findings(configuration, issuers: issuers.names, now: .now)
            show(findings)
            if !findings.isEmpty { throw ExitCode.failure }
        }

        private func show(_ findings: [ClientsLint.Finding]) {
            if json {
                var writer = JSONWriter()
                writer.array { array in
                    for finding in findings {
                        array.object { object in
                            object.member("kind", finding.kind.rawValue)
                            object.member("rule", finding.rule)
                            object.member("place", finding.problem.place.description)
                            object.member("message", finding.problem.message)
                            if let hint = finding.problem.hint { object.member("hint", hint) }
                        }
                    }
                }
                Terminal.print(writer)
            } else {
                for finding in findings {
                    Terminal.print(
                        "\(finding.problem.place): \(finding.kind.rawValue): \(finding.problem.message) [\(finding.rule)]"
                            + (finding.problem.hint.map { "\n  hint: \($0)" } ?? ""))
                }
                if findings.isEmpty { Terminal.note("Nothing to report.") }
            }
        }
    }
}
