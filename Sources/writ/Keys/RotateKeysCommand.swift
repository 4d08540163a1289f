import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension KeysCommand {
    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Make the next key and remove expired keys.",
            discussion: """
                Every service that reads the folder publishes the key at once and signs with it from its start time. \
                Without --in that is as soon as no cached key set can lack the key. Sealing keys, for refresh tokens, \
                are rotated in the same way, but are never published.
                """)

        @OptionGroup var configurationOption: ConfigurationOption

        @Option(name: .customLong("in"), help: "The time from now until the key signs, such as 24h.")
        var delay: String?

        @Flag(
            help: """
                Let the key sign at once, although cached key sets lack it. A running service that has another key \
                still holds the new one back; a service that is started later does not.
                """)
        var now = false

        @Flag(help: "Make a sealing key, for refresh tokens, instead of a signing key.")
        var sealing = false

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            if delay != nil && now { throw ValidationError("--in and --now exclude each other") }
        }

        func run() throws {
            let configuration = try configurationOption.read()
            let delay = try self.delay.map(Duration.init(option:)) ?? KeyTiming.standard.announcement
            let chain = sealing ? configuration.keys.sealing : configuration.keys.signing
            let rotation = try chain.rotate(
                in: now ? .zero : delay, isForced: now,
                longestLifetime: configuration.lifetimesOfClients[chain.purpose], now: .now)
            if json { printJSON(rotation, of: chain) } else { printText(rotation, folder: configuration.keys) }
        }

        private func printJSON(_ rotation: KeyRotation, of chain: KeyChain) {
            var writer = JSONWriter()
            writer.object { object in
                object.member("kid", rotation.new.keyID)
                object.member("alg", chain.purpose.algorithmName)
                object.member("file", rotation.new.name.description)
                object.member("since", rotation.new.name.start.map { .string($0.rfc3339) } ?? .null)
                object.member("removed", rotation.removed.map(\.description))
            }
            Terminal.print(writer)
        }

        private func printText(_ rotation: KeyRotation, folder: KeysFolder) {
            Terminal.print("\(folder.path.appending(rotation.new.name.description))  kid \(rotation.new.keyID)")
            let verbs = sealing ? ("seals", "sealed") : ("signs", "signed")
            if let start = rotation.new.name.start { Terminal.note("It \(verbs.0) from \(start.rfc3339).") }
            for name in rotation.removed { Terminal.note("Removed \(name): no token that it \(verbs.1) can be valid.") }
        }
    }
}
