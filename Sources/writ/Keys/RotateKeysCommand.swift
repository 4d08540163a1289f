import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension KeysCommand {
    struct Rotate: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Make the next key and remove expired keys.",
            discussion: """
                Every service that reads the folder publishes the key at once and signs with it from its start time. \
                Without --in that is as soon as no cached key set can lack the key. Sealing keys, for refresh tokens, \
                are rotated in the same way, but are never published.
                """)

        static let examples = ["writ keys rotate --in 24h", "writ keys rotate --sealing --dry-run"]

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

        @Flag(
            help: """
                Read a Kubernetes Secret with the keys as JSON from standard input, and print the next one. Both kinds of \
                keys are rotated, and no key is written to a file.
                """)
        var secretManifest = false

        @Flag(help: "Report what would be done, and change nothing.")
        var dryRun = false

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            if delay != nil && now { throw ValidationError("--in and --now exclude each other") }
            if secretManifest && (sealing || json || dryRun) {
                throw ValidationError(
                    "--secret-manifest excludes --sealing, --json and --dry-run: it rotates both, and only prints JSON")
            }
        }

        func run() throws {
            let configuration = try configurationOption.read()
            let delay = try self.delay.map(Duration.init(option:)) ?? KeyTiming.standard.announcement
            if secretManifest { return try rotateSecret(configuration, in: delay) }
            let chain = sealing ? configuration.keys.sealing : configuration.keys.signing
            let lifetime = configuration.lifetimesOfClients[chain.purpose]
            guard !dryRun else {
                let plan = try chain.plannedRotation(
                    in: now ? .zero : delay, isForced: now, longestLifetime: lifetime, now: .now)
                if json { return printJSON(plan.new, keyID: nil, removed: plan.removed, of: chain) }
                Terminal.print("Would make \(configuration.keysFolder.appending(plan.new.description))")
                for name in plan.removed { Terminal.note("Would remove \(name).") }
                return
            }
            let rotation = try chain.rotate(
                in: now ? .zero : delay, isForced: now, longestLifetime: lifetime, now: .now)
            if json {
                printJSON(rotation.new.name, keyID: rotation.new.keyID, removed: rotation.removed, of: chain)
            } else {
                printText(rotation, folder: configuration.keys)
            }
        }

        /// - Parameter keyID: `nil` for a key that would be made.
        private func printJSON(_ new: KeyFileName, keyID: String?, removed: [KeyFileName], of chain: KeyChain) {
            var writer = JSONWriter()
            writer.object { object in
                object.member("kid", keyID.map { .string($0) } ?? .null)
                object.member("alg", chain.purpose.algorithmName)
                object.member("file", new.description)
                object.member("since", new.start.map { .string($0.rfc3339) } ?? .null)
                object.member("removed", removed.map(\.description))
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
