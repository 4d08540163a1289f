import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension KeysCommand {
    struct Generate: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate", abstract: "Make a signing key.",
            discussion: """
                The first key for an algorithm signs at once. A further one signs when no cached key set can lack it.
                """)

        static let examples = [
            "writ keys generate --algorithm ES256", "writ keys generate --pkcs11 'pkcs11:token=writ'",
            "writ keys generate --vault vault+https://vault.example.com/transit/keys/writ",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @Option(help: "\(SignatureAlgorithm.offeredNames("or")). Default: access_token.algorithm.")
        var algorithm: String?

        @Option(
            help: ArgumentHelp(
                "Make the key in a PKCS#11 token, which it cannot leave: a pkcs11: URI that names the token.",
                valueName: "uri"))
        var pkcs11: String?

        @Option(
            help: ArgumentHelp(
                "Make the key in Vault, or a new version of it: vault+https://HOST/transit/keys/NAME.",
                valueName: "uri"))
        var vault: String?

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            if pkcs11 != nil && vault != nil { throw ValidationError("--pkcs11 and --vault exclude each other") }
        }

        func run() async throws {
            let configuration = try configurationOption.read()
            let algorithm =
                try self.algorithm.map {
                    try OptionValue.parse($0, "--algorithm", IssuancePolicy.algorithm(named:))
                } ?? configuration.algorithm
            guard configuration.profile.algorithms.contains(algorithm) else {
                throw Failure("--algorithm is \(algorithm), \(configuration.profile.forbids)", hint: "ES256 or PS256")
            }
            let chain = configuration.keys.signing(algorithm)
            let uri = try place()
            // Before a key is made in another place, which may keep it: this shows what keeps its files from being written.
            if uri != nil, configuration.keys.exists { _ = try chain.keys() }
            let key =
                if let uri {
                    try await KeyMaker(configuration).withNewKey(at: uri, for: algorithm) {
                        try chain.generateNext(remote: $0, now: .now)
                    }
                } else {
                    try chain.generateNext(now: .now)
                }
            KeysCommand.printNew(key, algorithm, configuration, json: json)
        }

        private func place() throws -> KeyURI? {
            guard let uri = try (pkcs11 ?? vault).map({ try OptionValue.parse($0, "the URI", KeyURI.init) }) else {
                return nil
            }
            guard uri.place == (pkcs11 == nil ? .vault : .pkcs11) else {
                throw ValidationError("the URI is for --\(uri.place.rawValue)")
            }
            return uri
        }
    }
}
