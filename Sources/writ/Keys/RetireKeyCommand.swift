import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension KeysCommand {
    struct Retire: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "retire", abstract: "Take a compromised key out at once.",
            discussion: """
                Each resource server refuses tokens that the key signed as soon as it fetches the key set again. \
                Refresh tokens that it sealed become invalid at once. If the key is in use, an earlier key that is \
                still there takes over again, or else a new one, which is made in the place of the retired one. A key that stays in a \
                PKCS#11 token or in Vault is no longer used, and is to be removed there.
                """)

        static let examples = [
            "writ keys retire NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --dry-run",
            "writ keys retire NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --yes",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var confirmation: ConfirmationOptions

        @Argument(help: "The kid of the key.")
        var kid: String

        @Option(
            name: .customLong("where"),
            help: "Where to make a key in its place, if one is needed: file, pkcs11 or vault.")
        var place: KeyPlace?

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            let configuration = try configurationOption.read()
            let lifetimes = configuration.lifetimesOfClients
            // A file that does not check must not keep another key from being retired.
            let keys = ScheduledKeys(
                try configuration.keys.read(), policy: configuration.policy, lifetimes: lifetimes, now: .now)
            let row = keys.rows.first { $0.kid == kid }
            let (chain, retired) = try configuration.keys.find(kid)
            let consequence = chain.purpose == .sealing ? Self.consequenceOfSealing(row) : Self.consequence(row)
            if confirmation.dryRun {
                if json { return printJSON(retired, row, replacement: nil) }
                Terminal.print("Would retire \(retired.name)  kid \(retired.keyID)")
                Terminal.note(consequence)
                if try chain.needsReplacement(retired, now: .now) { Terminal.note("A new key would take its place.") }
                return
            }
            try confirmation.confirm("Retire \(retired.name), kid \(retired.keyID)? \(consequence)")
            let replacement = try await retire(retired, of: chain, configuration, lifetimes)
            try RevocationCheck.checkRetirement(of: retired, configuration, lifetimes: lifetimes, now: .now)
            if json { return printJSON(retired, row, replacement: replacement) }
            Terminal.print("Retired \(retired.name)  kid \(retired.keyID)")
            Terminal.note(consequence)
            if retired.name.content == .remote {
                Terminal.note("The key itself is still in its place: remove it there.")
            }
            if let replacement {
                let verb = chain.purpose == .sealing ? "seals" : "signs"
                Terminal.note("\(replacement.name) \(verb) in its place, kid \(replacement.keyID).")
            }
        }

        /// Takes the key out. The key that replaces it, if one is needed, is made before that.
        private func retire(
            _ retired: NamedKey, of chain: KeyChain, _ configuration: ServiceConfiguration, _ lifetimes: TokenLifetimes
        ) async throws -> NamedKey? {
            func retire(_ remote: RemoteKey?) throws -> NamedKey? {
                try chain.retire(retired, remote: remote, longestLifetime: lifetimes[chain.purpose], now: .now)
            }
            guard case .signing(let algorithm) = chain.purpose, try chain.needsReplacement(retired, now: .now) else {
                return try retire(nil)
            }
            let keys = try configuration.keys.read().signing.signing(algorithm)
            let ownPlace = keys.first { $0.name == retired.name }?.remoteKey?.uri.placeOfNextKey
            guard let uri = place == nil ? ownPlace : try KeyPlace.uri(place, after: keys) else {
                return try retire(nil)
            }
            do {
                return try await KeyMaker(configuration).withNewKey(at: uri, for: algorithm, retire)
            } catch let error as RemoteKeyError {
                throw Failure(
                    "\(retired.name) is not retired: no key can be made in its place: \(error)",
                    hint: "--where file makes that key in a file")
            }
        }

        private func printJSON(_ retired: NamedKey, _ row: KeyRow?, replacement: NamedKey?) {
            var writer = JSONWriter()
            writer.object { object in
                object.member("kid", retired.keyID)
                object.member("file", retired.name.description)
                object.member("state", (row?.state ?? .expired).rawValue)
                object.member("replacement", replacement.map { .string($0.keyID) } ?? .null)
            }
            Terminal.print(writer)
        }

        private static func consequence(_ row: KeyRow?) -> String {
            switch row?.state {
            case .next: "It had not signed yet: no token becomes invalid."
            case .signing, .published:
                "Every token that it signed\(since(row)) is refused once a resource server fetches the key set again: "
                    + "within \(DurationText.format(KeyTiming.standard.keySetMaximumAge)) if caches honour max-age."
            case .expired, nil: "No token that it signed is still valid: none becomes invalid."
            }
        }

        private static func consequenceOfSealing(_ row: KeyRow?) -> String {
            switch row?.state {
            case .next: "It had not sealed yet: no refresh token becomes invalid."
            case .signing, .published:
                "Every refresh token that it sealed\(since(row)) is refused once services read the folder: within 2 s."
            case .expired, nil: "No refresh token that it sealed is still valid: none becomes invalid."
            }
        }

        private static func since(_ row: KeyRow?) -> String {
            row?.since.map { " since \($0.rfc3339)" } ?? ""
        }
    }
}
