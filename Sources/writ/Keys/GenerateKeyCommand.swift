import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension KeysCommand {
    struct Generate: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate", abstract: "Make a signing key.",
            discussion: """
                The first key for an algorithm signs at once. A further one signs when no cached key set can lack it.
                """)

        static let examples = ["writ keys generate --algorithm ES256"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Option(help: "\(SignatureAlgorithm.offeredNames("or")). Default: access_token.algorithm.")
        var algorithm: String?

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let algorithm =
                try self.algorithm.map {
                    try OptionValue.parse($0, "--algorithm", IssuancePolicy.algorithm(named:))
                } ?? configuration.algorithm
            guard configuration.profile.algorithms.contains(algorithm) else {
                throw Failure("--algorithm is \(algorithm), \(configuration.profile.forbids)", hint: "ES256 or PS256")
            }
            let key = try configuration.keys.signing(algorithm).generateNext(now: .now)
            if json {
                var writer = JSONWriter()
                writer.object { object in
                    object.member("kid", key.keyID)
                    object.member("alg", algorithm.name)
                    object.member("file", key.name.description)
                    object.member("since", key.name.start.map { .string($0.rfc3339) } ?? .null)
                }
                Terminal.print(writer)
            } else {
                Terminal.print("\(configuration.keysFolder.appending(key.name.description))  kid \(key.keyID)")
                if let start = key.name.start { Terminal.note("It signs from \(start.rfc3339).") }
            }
        }
    }
}
