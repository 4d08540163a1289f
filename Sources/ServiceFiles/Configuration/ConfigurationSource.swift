package import SystemPackage

/// What the settings are read from: a file, the environment and the command line. The later wins.
package struct ConfigurationSource: Sendable {
    /// `writ.yaml`. Relative paths in it are relative to its folder.
    package let file: FilePath
    /// Whether there need be no file if the environment or the command line names the issuer: no operator has named one.
    private(set) var mayBeAbsent: Bool
    let environment: [String: String]
    let options: ServiceConfiguration.Options

    /// Nothing is read yet.
    package init(
        file: FilePath, mayBeAbsent: Bool = false, environment: [String: String],
        options: ServiceConfiguration.Options = ServiceConfiguration.Options()
    ) {
        self.file = file
        self.mayBeAbsent = mayBeAbsent
        self.environment = environment
        self.options = options
    }

    /// The contents of the file. A file that may be absent counts as empty then.
    func yaml(_ access: FileAccess) throws(InvalidConfiguration) -> YAMLText {
        guard mayBeAbsent, isAbsent, sets(.issuer) else { return try YAMLText(reading: file, access) }
        return try YAMLText(path: file, text: "")
    }

    func layers(_ yaml: YAMLText) -> SettingLayers {
        SettingLayers(file: yaml, environment: environment, options: options.settings)
    }

    /// The same after a start: a file that was there must not go.
    var afterStart: ConfigurationSource {
        var source = self
        source.mayBeAbsent = mayBeAbsent && isAbsent
        return source
    }

    private var isAbsent: Bool {
        do { _ = try file.stat(followTargetSymlink: false) } catch { return error == Errno.noSuchFileOrDirectory }
        return false
    }

    /// Whether the environment or the command line sets it.
    private func sets(_ name: SettingName) -> Bool {
        options.settings[name] != nil || environment[name.environmentVariable] != nil
    }
}
