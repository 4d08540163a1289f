import AccessToken
import ArgumentParser
import OAuth
import ServiceFiles

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list, export, rotate and retire keys.",
        subcommands: [Generate.self, List.self, Export.self, Rotate.self, Retire.self])
}

extension ServiceConfiguration {
    /// The keys of the folder with their current states.
    func scheduledKeys() throws -> ScheduledKeys {
        try ScheduledKeys(reading: keys, policy: policy, lifetimes: lifetimesOfClients, now: .now)
    }

    /// The longest lifetimes of tokens over all clients.
    var lifetimesOfClients: TokenLifetimes {
        guard let clients = try? ClientsFile(reading: clientsFile).clients else { return longestLifetimes }
        return lifetimes(of: clients)
    }
}
