import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension KeysCommand {
    struct Rotate: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Make the next key and remove expired keys.",
            discussion: """
                Every service that reads the folder publishes the key at once and signs with it from its start time. \
                Without --in that is as soon as no cached key set can lack the key. Sealing keys, for refresh tokens, \
                are rotated in the same way, but are never published.
                """)

        static let examples = [
            "writ keys rotate --in 24h", "writ keys rotate --where file", "writ keys rotate --sealing --dry-run",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var start: KeyStartOptions

        @Option(
            name: .customLong("where"),
            help: "Where to make the key: file, pkcs11 or vault. Default: in the place of the newest one.")
        var place: KeyPlace?

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
            if sealing && place != nil {
                throw ValidationError("--sealing excludes --where: sealing keys are in files")
            }
            if secretManifest && (sealing || json || dryRun) {
                throw ValidationError(
                    "--secret-manifest excludes --sealing, --json and --dry-run: it rotates both, and only prints JSON")
            }
        }

        func run() async throws {
            let configuration = try configurationOption.read()
            let delay = try start.delay
            if secretManifest { return try await rotateSecret(configuration, in: delay) }
            let chain = sealing ? configuration.keys.sealing : configuration.keys.signing
            let lifetime = configuration.lifetimesOfClients[chain.purpose]
            let uri = try sealing || !configuration.keys.exists ? nil : KeyPlace.uri(place, after: chain.keys())
            func plan() throws -> (new: KeyFileName, removed: [KeyFileName]) {
                try chain.plannedRotation(
                    in: delay, isForced: start.now, isRemote: uri != nil, longestLifetime: lifetime, now: .now)
            }
            guard !dryRun else {
                let plan = try plan()
                if json { return printJSON(plan.new, keyID: nil, removed: plan.removed, of: chain) }
                Terminal.print("Would make \(configuration.keysFolder.appending(plan.new.description))")
                for name in plan.removed { Terminal.note("Would remove \(name).") }
                return
            }
            func rotate(_ remote: RemoteKey?) throws -> KeyRotation {
                try chain.rotate(
                    in: delay, isForced: start.now, remote: remote, longestLifetime: lifetime, now: .now)
            }
            // Before a key is made in another place: the plan shows what keeps the rotation from being done.
            if uri != nil { _ = try plan() }
            let rotation =
                if let uri {
                    try await KeyMaker(configuration).withNewKey(at: uri, for: configuration.algorithm, rotate)
                } else {
                    try rotate(nil)
                }
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
