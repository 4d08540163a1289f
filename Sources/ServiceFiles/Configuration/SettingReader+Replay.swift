import AccessToken
import WireText

extension SettingReader {
    /// `replay`; `nil` for memory, and if it is invalid and reported.
    mutating func replaySettings() -> ReplaySettings? {
        let word = layer(of: .replay)
        let section = layer(of: .replayURL)
        if let word, word == section { note(.replay, "is set together with replay.url; only one of them is allowed") }
        // The later layer overrides the earlier, as for every setting.
        if let word, section.map({ word > $0 }) ?? true {
            value(.replay, Self.memory)
            if section == nil { noteMembersWithoutURL() }
            return nil
        }
        let url = value(.replayURL, StoreURL.init)
        let username = value(.replayUsername, Self.username)
        let passwordFile = path(.replayPasswordFile)
        let caFile = path(.replayCAFile)
        let wait = value(.replayWait, DurationText.parseWait)
        guard has(.replayURL) else {
            noteMembersWithoutURL()
            return nil
        }
        if has(.replayUsername), !has(.replayPasswordFile) {
            note(.replayUsername, "comes without replay.password_file", hint: "password_file: valkey.password")
        }
        guard let url else { return nil }
        if caFile != nil, !url.isSecure {
            note(.replayCAFile, "is set, but replay.url is without TLS", hint: Self.hint)
        }
        if !url.isSecure, !url.isLoopback { warnOfClearText(hasPassword: passwordFile != nil) }
        return ReplaySettings(
            url: url, username: username, passwordFile: passwordFile, caFile: caFile,
            wait: wait ?? ReplaySettings.standardWait)
    }

    private mutating func noteMembersWithoutURL() {
        for name in [SettingName.replayUsername, .replayPasswordFile, .replayCAFile, .replayWait] where has(name) {
            note(name, "comes without replay.url", hint: Self.hint)
        }
    }

    private mutating func warnOfClearText(hasPassword: Bool) {
        let what = hasPassword ? "the password travels in clear" : "who is on the way can answer in its place"
        warn(.replayURL, "is without TLS, and not on this machine: \(what)", hint: "valkeys://, or rediss://")
    }

    private static let hint = "replay: { url: valkeys://valkey.example.com:6379/0, password_file: valkey.password }"

    private static func memory(_ text: String) throws(InvalidValue) {
        guard Octets(text).isSame(as: "memory") else {
            throw InvalidValue("is neither memory nor a store with its url")
        }
    }

    private static func username(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty, Octets(text).isVisibleASCII else {
            throw InvalidValue("is not a name of visible ASCII without blanks")
        }
        return text
    }
}
