import AccessToken
import ArgumentParser
import JOSE
import OAuth
import TokenHTTP

extension KeysCommand {
    struct Retire: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retire", abstract: "Take a key out at once: a thief has it.",
            discussion: """
                Tokens that it signed die at each resource server as soon as that fetches the key set again. Where it \
                is the key that signs, an earlier one that is still there signs again, or else a new one.
                """)

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The kid of the key.")
        var kid: String

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let configuration = try configurationOption.read()
            let now = NumericDate.now
            let state = try configuration.scheduledKeys().keys.first { $0.key.keyID == kid }
            let (retired, replacement) = try configuration.keys.chain(ofKey: kid).retire(
                kid, longestLifetime: configuration.longestLifetimeOfClients, now: now)
            if json {
                var writer = JSONWriter()
                writer.object { object in
                    object.member("kid", retired.keyID)
                    object.member("file", retired.name.description)
                    object.member("state", state?.state.rawValue ?? KeySchedule.State.expired.rawValue)
                    object.member("replacement", replacement.map { .string($0.keyID) } ?? .null)
                }
                return Terminal.print(writer)
            }
            Terminal.print("Retired \(retired.name)  kid \(retired.keyID)")
            Terminal.note(Self.consequence(state))
            if let replacement {
                Terminal.note("\(replacement.name) signs in its place, kid \(replacement.keyID).")
            }
        }

        private static func consequence(_ scheduled: ScheduledKey?) -> String {
            let since = scheduled?.since.map { " since \($0.rfc3339)" } ?? ""
            return switch scheduled?.state {
            case .next: "It had not signed yet: no token dies with it."
            case .signing, .published:
                "Every token that it signed\(since) dies, at each resource server when it next fetches the key set: "
                    + "within \(DurationText.format(KeyTiming.standard.keySetMaximumAge)) where caches keep to max-age."
            case .expired, nil: "No token that it signed can be valid: none dies with it."
            }
        }
    }
}
