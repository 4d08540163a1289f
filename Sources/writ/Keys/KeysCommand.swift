import AccessToken
import ArgumentParser
import OAuth
import TokenHTTP

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and export keys.",
        subcommands: [Generate.self, List.self, Export.self])
}

extension ServiceConfiguration {
    var keys: KeysFolder { KeysFolder(keysFolder, algorithm: algorithm) }

    /// The keys of the folder with what they do now.
    func scheduledKeys() throws -> [ScheduledKey] {
        do throws(InvalidConfiguration) {
            let loader = SnapshotLoader(self)
            let clients = (try? ClientsFile(reading: clientsFile).clients) ?? []
            return loader.schedule(
                try keys.load(), now: .now, longestLifetime: loader.longestLifetime(of: clients))
        } catch {
            throw Failure(error)
        }
    }
}
