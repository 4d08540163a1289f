import AccessToken
import OAuth
import SystemPackage

/// Parses settings and collects their problems.
struct SettingReader {
    private let layers: SettingLayers
    private let file: FilePath
    private(set) var problems: [Problem]
    /// Mistakes that do not keep the service from starting.
    private(set) var warnings: [Problem] = []

    init(layers: SettingLayers, file: FilePath) {
        self.layers = layers
        self.file = file
        problems = layers.problems
    }

    /// The problems in the order of their lines; those without a line come last.
    var problemsByLine: [Problem] {
        problems.sorted { ($0.place.line ?? .max) < ($1.place.line ?? .max) }
    }

    /// The parsed value of a setting; `nil` if it is absent, or invalid and reported.
    mutating func value<Value>(
        _ name: SettingName, _ parse: (String) throws(InvalidValue) -> Value
    ) -> Value? {
        guard let setting = layers[name] else { return nil }
        do throws(InvalidValue) {
            return try parse(setting.text)
        } catch {
            problems.append(Problem(setting.place, "\(name.rawValue) \(error)"))
            return nil
        }
    }

    /// The parsed value of a setting, or `standard` if it is absent; `nil` if it is invalid and reported.
    mutating func value<Value>(
        _ name: SettingName, _ parse: (String) throws(InvalidValue) -> Value, default standard: Value
    ) -> Value? {
        layers[name] == nil ? standard : value(name, parse)
    }

    /// Adds a mistake that does not keep the service from starting.
    mutating func warn(_ problem: Problem) { warnings.append(problem) }

    /// Adds a mistake in a setting that is set, which does not keep the service from starting.
    mutating func warn(_ name: SettingName, _ message: String, hint: String) {
        warnings.append(
            Problem(layers[name]?.place ?? .file(file.string, line: nil), "\(name.rawValue) \(message)", hint: hint))
    }

    /// Adds a problem with a setting that is set.
    ///
    /// - Parameter other: the setting whose place is named if the setting has its default.
    mutating func note(
        _ name: SettingName, _ message: String, orAt other: SettingName? = nil, hint: String? = nil
    ) {
        let place = layers[name]?.place ?? other.flatMap { layers[$0]?.place } ?? .file(file.string, line: nil)
        problems.append(Problem(place, "\(name.rawValue) \(message)", hint: hint))
    }

    /// The layer that overrides the others among those that set one of these; `nil` if none does.
    func layer(of names: SettingName...) -> SettingLayers.Layer? { layers.layer(of: names) }

    /// The settings that some layer sets.
    var settings: [SettingName: SettingLayers.Setting] { layers.settings }

    /// Whether a layer sets it.
    func has(_ name: SettingName) -> Bool { layers[name] != nil }

    /// The parsed value of a mandatory setting; `nil` if it is missing or invalid, and reported.
    ///
    /// - Parameter hint: an example of a valid line.
    mutating func required<Value>(
        _ name: SettingName, _ parse: (String) throws(InvalidValue) -> Value, hint: String
    ) -> Value? {
        if layers[name] == nil {
            problems.append(Problem(.file(file.string, line: nil), "\(name.rawValue) is missing", hint: hint))
        }
        return value(name, parse)
    }

    /// A path. In the file it is relative to the folder of the file, elsewhere to the current folder.
    mutating func path(_ name: SettingName, default standard: FilePath) -> FilePath {
        path(name) ?? relativeToFile(standard)
    }

    /// The same for an optional path; `nil` if it is absent, or empty and reported.
    mutating func path(_ name: SettingName) -> FilePath? {
        guard let setting = layers[name] else { return nil }
        guard !setting.text.isEmpty else {
            problems.append(Problem(setting.place, "\(name.rawValue) is empty"))
            return nil
        }
        guard case .file = setting.place else { return FilePath(setting.text) }
        return relativeToFile(FilePath(setting.text))
    }

    /// `keys_rotation`; `nil` if it is absent, or invalid and reported.
    mutating func rotationPlan() -> RotationPlan? {
        let every = value(.keysRotationEvery, DurationText.parse)
        let announce = value(.keysRotationAnnounce, DurationText.parse)
        guard let setting = layers[.keysRotationEvery] ?? layers[.keysRotationAnnounce] else { return nil }
        guard layers[.keysRotationEvery] != nil else {
            problems.append(Problem(setting.place, "keys_rotation.every is missing", hint: "every: 90d"))
            return nil
        }
        guard let every else { return nil }
        do throws(InvalidValue) {
            return try RotationPlan(every: every, announce: announce ?? min(.seconds(86400), every / 2))
        } catch {
            problems.append(Problem(setting.place, "keys_rotation \(error)"))
            return nil
        }
    }

    /// A stand-in plan if `keys_rotation` is set but invalid: the keys folder may be empty then too.
    var standInForRotationPlan: RotationPlan? {
        guard layers[.keysRotationEvery] ?? layers[.keysRotationAnnounce] != nil else { return nil }
        return try? RotationPlan(every: .seconds(90 * 86400), announce: .seconds(86400))
    }

    /// `throttle`, with standard values for absent settings.
    mutating func throttle() -> FailureLimits {
        let standard = FailureLimits.standard
        return FailureLimits(
            failures: value(.throttleFailures, Self.limit, default: standard.failures) ?? nil,
            addressFailures: value(.throttleAddressFailures, Self.limit, default: standard.addressFailures) ?? nil,
            clientFailures: value(.throttleClientFailures, Self.limit, default: standard.clientFailures) ?? nil,
            window: value(.throttleWindow, Self.window) ?? standard.window)
    }

    /// `nil` if it is off.
    private static func limit(_ text: String) throws(InvalidValue) -> Int? {
        if DurationText.isOff(text) { return nil }
        guard let limit = Int(text), FailureLimits.range.contains(limit) else {
            throw InvalidValue("is neither a number from 1 to 1000000 nor off")
        }
        return limit
    }

    private static func window(_ text: String) throws(InvalidValue) -> Duration {
        let window = try DurationText.parse(text)
        guard FailureLimits.windows.contains(window) else {
            throw InvalidValue("is not between 1s and 24h")
        }
        return window
    }

    private func relativeToFile(_ path: FilePath) -> FilePath {
        path.isAbsolute ? path : file.removingLastComponent().pushing(path)
    }
}
