import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

struct IssuersCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuers", abstract: "Show the trusted issuers, and try the token of a platform.",
        subcommands: [List.self, TestToken.self])

    static let examples = ["writ issuers list"]

    struct List: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the trusted issuers.",
            discussion: "They are the entries of issuers.yaml. Nothing is fetched.")

        static let examples = ["writ issuers list --json"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let issuers = try configuration.issuers.read().checked()
            guard json else { return printTable(issuers, configuration) }
            var writer = JSONWriter()
            writer.array { array in
                for issuer in issuers { issuer.write(to: &array, configuration) }
            }
            Terminal.print(writer)
        }

        private func printTable(_ issuers: [TrustedIssuer], _ configuration: ServiceConfiguration) {
            let rows = issuers.map { issuer in
                [
                    issuer.name, issuer.identifier, issuer.keys.text, issuer.audience(of: configuration.issuer),
                    DurationText.format(issuer.longestLifetime),
                ]
            }
            Terminal.print(Terminal.table([["NAME", "ISSUER", "KEYS", "AUDIENCE", "LONGEST LIFETIME"]] + rows))
        }
    }
}

extension TrustedIssuer {
    /// Writes the issuer with the values in force. `keys_file` is that of `jwks_file` or `spiffe_bundle`.
    fileprivate func write(to writer: inout JSONWriter, _ configuration: ServiceConfiguration) {
        writer.object { object in
            object.member("name", name)
            object.member("issuer", identifier)
            let (place, value) = keys.member
            object.member(place, value)
            if let caFile { object.member("ca_file", caFile) }
            if let bearerTokenFile { object.member("bearer_token_file", bearerTokenFile) }
            object.member("audience", audience(of: configuration.issuer))
            object.member("algorithms", algorithms.map(\.name))
            object.member("longest_lifetime", DurationText.format(longestLifetime))
            object.member("leeway", DurationText.format(leeway))
            object.member("single_use", .bool(isSingleUse))
        }
    }
}

extension TrustedIssuer.Keys {
    /// What says it: a member of the entry, or the file with the keys.
    fileprivate var member: (name: String, value: String) {
        switch self {
        case .discovery: ("keys", "discovery")
        case .keySet(let url): ("jwks_uri", url)
        case .bundle(let url): ("spiffe_bundle", url)
        case .fixed(_, let file): ("keys_file", file)
        }
    }

    fileprivate var text: String {
        switch self {
        case .discovery: "discovery"
        case .keySet(let url), .bundle(let url): url
        case .fixed(let keys, let file): "\(file) (\(keys.keys.count))"
        }
    }
}
