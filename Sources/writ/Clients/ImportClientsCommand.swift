import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension ClientsCommand {
    struct Import: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Import the clients of another product.",
            discussion: """
                Clients keep their identifiers and secrets; secrets are stored as hashes. What cannot be carried is listed, and \
                stops the import unless --partial is given. Clients that only log users in, disabled ones and public ones are \
                listed and left out. Exports of any size are read; users in them are skipped. Documentation/Migrating.md says for \
                each product how to export and what to check.
                """)

        static let examples = [
            "writ clients import --from keycloak realm.json --dry-run",
            "writ clients import --from rfc7591 registration.json --into imported.yaml",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @Option(help: ArgumentHelp("The product: \(names).", valueName: "product"))
        var from: ImportSource

        @Argument(help: "Its exports, which count as one.")
        var files: [String]

        @Flag(help: "Report what would be done, and change nothing.")
        var dryRun = false

        @Option(
            help: ArgumentHelp(
                "Another clients file than the configured one, or one of the folder. It is created if it is absent.",
                valueName: "file"))
        var into: String?

        @Flag(help: "Import what can be carried, without the rest.")
        var partial = false

        @Flag(help: "Print one JSON object.")
        var json = false

        private static var names: String { ImportSource.allCases.map(\.rawValue).joined(separator: ", ") }

        func run() throws {
            let configuration = try configurationOption.read()
            let now = NumericDate.now
            let found = try ClientImport(
                of: files.map { FilePath($0) }, from: from, configuration.access, context: configuration.importContext,
                now: now)
            found.warnings.forEach(Terminal.warn)
            let target = try configuration.clientsEditor.target(ofImport: into)
            try target.editor.checkAbsence(of: found.carried, mayBeAbsent: into != nil)
            guard found.isComplete || partial else {
                report(found, isWritten: false)
                let count = found.clients.count { !$0.losses.isEmpty }
                throw Failure(
                    count == 1 ? "one client cannot be carried whole" : "\(count) clients cannot be carried whole",
                    hint: "--partial imports what can be carried; nothing was written")
            }
            guard !found.carried.isEmpty else {
                report(found, isWritten: false)
                throw Failure("no client can be imported")
            }
            if !dryRun {
                try target.editor.add(found.carried, creates: into != nil, beside: target.others, now: now)
            }
            report(found, isWritten: !dryRun)
            conclude(found, path: target.path.string)
        }

        private func conclude(_ found: ClientImport, path: String) {
            let count = found.carried.count
            let clients = count == 1 ? "one client" : "\(count) clients"
            guard !dryRun else { return Terminal.note("Would import \(clients) into \(path).") }
            Terminal.note("Imported \(clients) into \(path).")
            Terminal.note(
                "Check: `writ config check`; a token of `writ token request` as one of them; each resource server.")
            Terminal.note("The export may hold secrets: remove it.")
        }

        // MARK: Reporting

        private func report(_ found: ClientImport, isWritten: Bool) {
            guard json else { return printTable(found) }
            var writer = JSONWriter()
            writer.object { object in
                object.member("written", .bool(isWritten))
                object.name("clients")
                object.array { array in
                    for client in found.clients { client.write(to: &array) }
                }
                object.member("differences", from.differences)
            }
            Terminal.print(writer)
        }

        /// `--json` has the whole text.
        private static func cell(_ text: String) -> String {
            if text.isEmpty { return "-" }
            return text.utf8.count <= 60 ? text : String(text.prefix(57)) + "..."
        }

        private func printTable(_ found: ClientImport) {
            let rows = found.clients.map { found in
                let client = found.client
                let methods = client?.authenticationMethods.map(\.rawValue).joined(separator: " ")
                let audiences = client.map { ($0.resources + $0.audiences).map(\.description).joined(separator: " ") }
                let lifetime = client?.accessTokenLifetime.map(DurationText.format)
                let cells = [methods, client?.scope.description, audiences, lifetime].map { Self.cell($0 ?? "") }
                return [found.id, found.outcome.text] + cells
            }
            let header = ["CLIENT_ID", "RESULT", "METHODS", "SCOPE", "AUDIENCES", "LIFETIME"]
            Terminal.print(Terminal.table([header] + rows))
            let remarks = found.clients.flatMap(\.remarks)
            if !remarks.isEmpty { Terminal.print("\n" + Terminal.table(remarks)) }
            if !found.carried.isEmpty {
                from.differences.forEach { Terminal.note("all clients: \($0)") }
            }
        }
    }
}

extension ImportSource: ExpressibleByArgument {}

extension ServiceConfiguration {
    /// Without a profile, a client may be added before what it needs is configured.
    fileprivate var importContext: ClientsContext? { profile == .standard ? nil : clientsContext }
}

extension ImportedClient.Outcome {
    fileprivate var text: String {
        switch self {
        case .whole: "import"
        case .part: "import in part"
        case .refused: "cannot"
        case .leftOut: "leave out"
        }
    }
}

extension ImportedClient {
    /// What is to be said about it, a line each.
    fileprivate var remarks: [[String]] {
        (reason.map { [[id, "left out", $0]] } ?? []) + losses.map { [id, "not carried", $0] }
            + differences.map { [id, "different", $0] }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("client_id", id)
            object.member("result", outcome.rawValue)
            if let reason { object.member("reason", reason) }
            object.member("not_carried", losses)
            object.member("differences", differences)
            if let lifetime = client?.accessTokenLifetime {
                object.member("access_token_lifetime", DurationText.format(lifetime))
            }
            if !claims.members.isEmpty { object.member("claims", .object(claims)) }
            if let client {
                object.name("client")
                client.write(to: &object)
            }
        }
    }
}
