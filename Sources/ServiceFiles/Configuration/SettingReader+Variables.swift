extension SettingReader {
    /// Variables that no setting has, and that commands read.
    private static let otherVariables = ["WRIT_CONFIG", "WRIT_CLIENT_SECRET"]

    /// Warns of variables that are within two edits of one that Writ reads. Other variables that begin with `WRIT_` are
    /// those of other programs: Kubernetes sets some for a Service that is called writ.
    mutating func warnOfMisspeltVariables(_ environment: [String: String]) {
        let known = SettingName.allCases.map(\.environmentVariable) + Self.otherVariables
        for name in environment.keys.sorted() where name.hasPrefix("WRIT_") && !known.contains(name) {
            guard let meant = NearestName.of(name, among: known, within: 2) else { continue }
            warn(Problem(.environment(name), "is no variable of Writ, and is ignored", hint: "did you mean \(meant)?"))
        }
    }
}
