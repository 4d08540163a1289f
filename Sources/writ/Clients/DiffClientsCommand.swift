import ArgumentParser
import JOSE
import ServiceFiles
import SystemPackage

extension ClientsCommand {
    struct Diff: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "Say what two versions of the clients differ in.",
            discussion: """
                Compares what clients get and how they get it, and not the text: order, comments and the way in which a value is \
                written make no difference. Each version is a clients file, or a folder of them. No secret and no hash is shown.
                """)

        static let examples = ["writ clients diff clients.yaml proposed.yaml --exit-code"]

        @Argument(help: "The clients as they are: a file, or a folder of files.")
        var old: String

        @Argument(help: "The clients as they would be.")
        var new: String

        @Flag(help: "End with status 1 if anything differs.")
        var exitCode = false

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let before = try ClientsLocation(FilePath(old)).read()
            let after = try ClientsLocation(FilePath(new)).read()
            let differences = ClientDifference.all(from: before, to: after)
            show(differences)
            // An entry that does not check is in neither version.
            let problems = before.problems + after.problems
            guard problems.isEmpty else { throw InvalidConfiguration(problems) }
            if exitCode, !differences.isEmpty { throw ExitCode.failure }
        }

        private func show(_ differences: [ClientDifference]) {
            if json {
                var writer = JSONWriter()
                writer.array { array in
                    for difference in differences { difference.write(to: &array) }
                }
                Terminal.print(writer)
            } else if differences.isEmpty {
                Terminal.note("No client differs.")
            } else {
                for difference in differences {
                    let lines = ["\(difference.id) is \(difference.kind.rawValue)"] + difference.lines
                    Terminal.print(lines.joined(separator: "\n"))
                }
            }
        }
    }
}
