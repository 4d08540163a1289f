import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct List: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the clients.",
            discussion: """
                With --used it asks the running service when each client last got a token, and with --unused it lists \
                only clients that got none for a time. The service knows of its own tokens alone, since its start, or \
                since the file of the setting `state` was begun.
                """)

        static let examples = [
            "writ clients list --json", "writ clients list --used", "writ clients list --unused 90d",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        @Flag(help: "Ask the running service when each client last got a token.")
        var used = false

        @Option(
            help: ArgumentHelp("List only clients that got no token for so long, such as 90d.", valueName: "duration"),
            transform: Duration.init(option:))
        var unused: Duration?

        func run() async throws {
            let configuration = try configurationOption.read()
            let reading = try configuration.clients.read(context: configuration.clientsContextToShow)
            try await show(reading, configuration)
            // What does not check is out, and the list is not whole.
            _ = try reading.checked()
        }

        private func show(_ reading: ClientsReading, _ configuration: ServiceConfiguration) async throws {
            let disabled = Set(reading.disabled)
            let clients = reading.clients + reading.disabled
            guard used || unused != nil else { return print(clients, disabled, nil) }
            let uses = try await LastUses(askingServiceOf: configuration)
            print(unused.map { Self.unused(clients, uses, for: $0) } ?? clients, disabled, uses)
            if configuration.stateFile == nil {
                Terminal.note(
                    "The service knows of tokens since its start, \(uses.since.rfc3339). "
                        + "With `state: state.sqlite` in writ.yaml it knows of them over restarts.")
            } else {
                Terminal.note("The service knows of tokens since \(uses.since.rfc3339).")
            }
        }

        /// The clients that certainly got no token for this time.
        private static func unused(_ clients: [Client], _ uses: LastUses, for time: Duration) -> [Client] {
            let limit = NumericDate.now - time
            let found = clients.filter { (uses[$0] ?? uses.since) <= limit }
            let unknown = uses.since <= limit ? 0 : clients.count { uses[$0] == nil }
            if unknown > 0 {
                Terminal.warn(
                    "\(unknown) client\(unknown == 1 ? "" : "s") got no token since \(uses.since.rfc3339): whether that is so "
                        + "for all of the time is not known, so that they are not listed")
            }
            return found
        }

        private func print(_ clients: [Client], _ disabled: Set<Client>, _ uses: LastUses?) {
            guard json else { return printTable(clients, disabled, uses) }
            var writer = JSONWriter()
            writer.array { array in
                for client in clients {
                    client.write(to: &array, isDisabled: disabled.contains(client)) { members in
                        guard let uses else { return }
                        members.member("last_used", uses[client].map { .string($0.rfc3339) } ?? .null)
                        members.member("last_used_known_since", uses.since.rfc3339)
                    }
                }
            }
            Terminal.print(writer)
        }

        private func printTable(_ clients: [Client], _ disabled: Set<Client>, _ uses: LastUses?) {
            let rows = clients.map { client in
                [
                    client.id.description,
                    disabled.contains(client)
                        ? "disabled" : client.authenticationMethods.map(\.rawValue).joined(separator: " "),
                    client.scope.description,
                    (client.resources + client.audiences).map(\.description).joined(separator: " "),
                    client.secrets.isEmpty ? "-" : client.secrets.map(\.end).joined(separator: ", "),
                ] + (uses.map { [$0[client]?.rfc3339 ?? "not since \($0.since.rfc3339)"] } ?? [])
            }
            let titles =
                ["CLIENT_ID", "METHODS", "SCOPE", "RESOURCES", "SECRET EXPIRY"] + (uses == nil ? [] : ["LAST USED"])
            Terminal.print(Terminal.table([titles] + rows))
        }
    }
}
