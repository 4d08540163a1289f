import AccessToken
import ArgumentParser
import OAuth
import ServiceFiles

struct KeysCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, adopt, list, export, rotate and retire keys.",
        subcommands: [Generate.self, Adopt.self, List.self, Export.self, Rotate.self, Retire.self])

    static let examples = ["writ keys list"]
}

extension ServiceConfiguration {
    /// The keys of the folder with their current states.
    ///
    /// - Throws: the problems of all files that do not check.
    func scheduledKeys() throws -> ScheduledKeys {
        let reading = try keys.read()
        guard reading.problems.isEmpty else { throw InvalidConfiguration(reading.problems) }
        return ScheduledKeys(reading, policy: policy, lifetimes: lifetimesOfClients, now: .now)
    }

    /// The longest lifetimes of tokens over all clients.
    var lifetimesOfClients: TokenLifetimes {
        guard let clients = try? clients.read().checked() else { return longestLifetimes }
        return lifetimes(of: clients)
    }
}
