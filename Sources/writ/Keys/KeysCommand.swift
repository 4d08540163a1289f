import AccessToken
import ArgumentParser
import OAuth
import TokenHTTP

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list, export, rotate and retire keys.",
        subcommands: [Generate.self, List.self, Export.self, Rotate.self, Retire.self])
}

extension ServiceConfiguration {
    /// The keys of the folder with what they do now.
    func scheduledKeys() throws -> ScheduledKeys {
        ScheduledKeys(try keys.load(), policy: policy, longestLifetime: longestLifetimeOfClients, now: .now)
    }

    /// The longest that an access token can live; without a clients file that checks, the longest that any may, so that
    /// no key is removed too early.
    var longestLifetimeOfClients: Duration {
        guard let clients = try? ClientsFile(reading: clientsFile).clients else { return .seconds(86400) }
        return longestLifetime(of: clients)
    }
}
