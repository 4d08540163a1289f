import Yams

/// The settings of the file, the environment and the command line. Each layer overrides those before it.
struct SettingLayers {
    /// A value and the place that sets it.
    struct Setting {
        let text: String
        let place: Problem.Place
    }

    private let options: [SettingName: Setting]
    private let environment: [String: String]
    private let file: [SettingName: Setting]

    /// Problems with the structure of the file.
    let problems: [Problem]

    init(file yaml: YAMLText, environment: [String: String], options: [SettingName: Setting]) {
        self.options = options
        self.environment = environment
        var settings: [SettingName: Setting] = [:]
        var problems: [Problem] = []
        switch yaml.root {
        case .mapping(let mapping):
            Self.collect(mapping, below: nil, of: yaml, into: &settings, &problems)
        case nil: break
        case .some(let other):
            problems.append(Problem(yaml.place(of: other), "is not a mapping of names to values"))
        }
        file = settings
        self.problems = problems
    }

    /// The source of a setting. A later case overrides an earlier one.
    enum Layer: Comparable {
        case file
        case environment
        case option
    }

    /// The layer that overrides the others among those that set one of these; `nil` if none does.
    func layer(of names: [SettingName]) -> Layer? {
        names.compactMap { self[$0] }.map { setting -> Layer in
            switch setting.place {
            case .file: .file
            case .environment: .environment
            case .option: .option
            }
        }.max()
    }

    subscript(name: SettingName) -> Setting? {
        if let option = options[name] { return option }
        if let text = environment[name.environmentVariable] {
            return Setting(text: text, place: .environment(name.environmentVariable))
        }
        return file[name]
    }

    private static func collect(
        _ mapping: Node.Mapping, below section: String?, of yaml: YAMLText, into settings: inout [SettingName: Setting],
        _ problems: inout [Problem]
    ) {
        for (key, value) in mapping {
            let place = yaml.place(of: key)
            guard let word = key.scalar?.string else {
                problems.append(Problem(place, "a key is not a word"))
                continue
            }
            let name = section.map { "\($0).\(word)" } ?? word
            let isSection = section == nil && SettingName.sections.contains(word)
            // `tls` and `trusted_proxies` are either a value or a section.
            if let setting = SettingName(rawValue: name), !(isSection && value.mapping != nil) {
                guard let text = value.scalar?.string ?? list(setting, value) else {
                    problems.append(Problem(place, "\(name) is not a single value"))
                    continue
                }
                guard settings[setting] == nil else {
                    problems.append(Problem(place, "\(name) is set twice"))
                    continue
                }
                settings[setting] = Setting(text: text, place: place)
            } else if isSection {
                guard case .mapping(let nested) = value else {
                    problems.append(Problem(place, "\(name) is not a mapping of names to values"))
                    continue
                }
                collect(nested, below: word, of: yaml, into: &settings, &problems)
            } else {
                problems.append(Problem(place, "unknown key \(name)", hint: hint(forUnknown: name)))
            }
        }
    }

    /// The elements of a list, separated by commas; `nil` if the setting cannot be a list, or the value is not a list
    /// of single values.
    private static func list(_ name: SettingName, _ value: Node) -> String? {
        guard SettingName.lists.contains(name), let elements = value.sequence else { return nil }
        let texts = elements.compactMap { $0.scalar?.string }
        return texts.count == elements.count ? texts.joined(separator: ",") : nil
    }

    private static func hint(forUnknown name: String) -> String? {
        NearestName.of(name, among: SettingName.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
    }
}
