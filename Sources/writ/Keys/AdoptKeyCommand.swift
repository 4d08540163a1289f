import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension KeysCommand {
    struct Adopt: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "adopt", abstract: "Let a key sign that is in a PKCS#11 token or in Vault already.",
            discussion: """
                The folder gets its URI, and its public half, which every signature is checked with. The first key for an \
                algorithm signs at once. A further one signs when no cached key set can lack it.
                """)

        static let examples = [
            "writ keys adopt 'pkcs11:token=writ;object=signing'",
            "writ keys adopt vault+https://vault.example.com/transit/keys/writ --in 24h",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "A pkcs11: URI of RFC 7512, or vault+https://HOST/transit/keys/NAME.")
        var uri: String

        @OptionGroup var start: KeyStartOptions

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            let configuration = try configurationOption.read()
            let uri = try OptionValue.parse(self.uri, "the URI", KeyURI.init)
            let (key, algorithm) = try await KeyMaker(configuration).existingKey(at: uri)
            let named = try configuration.keys.signing(algorithm).generateNext(
                in: try start.delay, isForced: start.now, remote: key, now: .now)
            KeysCommand.printNew(named, algorithm, configuration, json: json)
        }
    }

    /// Prints what is known of a key that signs from now on, or later.
    static func printNew(
        _ key: NamedKey, _ algorithm: SignatureAlgorithm, _ configuration: ServiceConfiguration, json: Bool
    ) {
        guard json else {
            Terminal.print("\(configuration.keysFolder.appending(key.name.description))  kid \(key.keyID)")
            if let start = key.name.start { Terminal.note("It signs from \(start.rfc3339).") }
            return
        }
        var writer = JSONWriter()
        writer.object { object in
            object.member("kid", key.keyID)
            object.member("alg", algorithm.name)
            object.member("file", key.name.description)
            object.member("since", key.name.start.map { .string($0.rfc3339) } ?? .null)
        }
        Terminal.print(writer)
    }
}

/// When a key begins to sign.
struct KeyStartOptions: ParsableArguments {
    @Option(name: .customLong("in"), help: "The time from now until the key signs, such as 24h.")
    var after: String?

    @Flag(
        help: """
            Let the key sign at once, although cached key sets lack it. A running service that has another key \
            still holds the new one back; a service that is started later does not.
            """)
    var now = false

    func validate() throws {
        if after != nil && now { throw ValidationError("--in and --now exclude each other") }
    }

    /// The time from now.
    var delay: Duration {
        get throws { now ? .zero : try after.map(Duration.init(option:)) ?? KeyTiming.standard.announcement }
    }
}
