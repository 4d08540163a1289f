import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension KeysCommand {
    struct Retire: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retire", abstract: "Take a key out at once: a thief has it.",
            discussion: """
                Tokens that it signed die at each resource server as soon as that fetches the key set again, refresh \
                tokens that it sealed at once. Where it is the key that is in use, an earlier one that is still there \
                takes over again, or else a new one.
                """)

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The kid of the key.")
        var kid: String

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let row = try configuration.scheduledKeys().rows.first { $0.kid == kid }
            let chain = try configuration.keys.chain(ofKey: kid)
            let (retired, replacement) = try chain.retire(
                kid, longestLifetime: configuration.lifetimesOfClients[chain.purpose], now: .now)
            if json {
                var writer = JSONWriter()
                writer.object { object in
                    object.member("kid", retired.keyID)
                    object.member("file", retired.name.description)
                    object.member("state", (row?.state ?? .expired).rawValue)
                    object.member("replacement", replacement.map { .string($0.keyID) } ?? .null)
                }
                return Terminal.print(writer)
            }
            Terminal.print("Retired \(retired.name)  kid \(retired.keyID)")
            Terminal.note(chain.purpose == .sealing ? Self.consequenceOfSealing(row) : Self.consequence(row))
            if let replacement {
                let verb = chain.purpose == .sealing ? "seals" : "signs"
                Terminal.note("\(replacement.name) \(verb) in its place, kid \(replacement.keyID).")
            }
        }

        private static func consequence(_ row: KeyRow?) -> String {
            switch row?.state {
            case .next: "It had not signed yet: no token dies with it."
            case .signing, .published:
                "Every token that it signed\(since(row)) dies, at each resource server when it next fetches the key set: "
                    + "within \(DurationText.format(KeyTiming.standard.keySetMaximumAge)) where caches keep to max-age."
            case .expired, nil: "No token that it signed can be valid: none dies with it."
            }
        }

        private static func consequenceOfSealing(_ row: KeyRow?) -> String {
            switch row?.state {
            case .next: "It had not sealed yet: no refresh token dies with it."
            case .signing, .published:
                "Every refresh token that it sealed\(since(row)) dies, at each service when it sees the folder: within 2 s."
            case .expired, nil: "No refresh token that it sealed can be valid: none dies with it."
            }
        }

        private static func since(_ row: KeyRow?) -> String {
            row?.since.map { " since \($0.rfc3339)" } ?? ""
        }
    }
}
