import JOSE

/// The settings of the file, the environment and the command line. Each layer overrides those before it.
struct SettingLayers {
    /// A value and the place that sets it.
    struct Setting: Sendable {
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
        if let root = yaml.content, !root.isNull {
            problems = YAMLForm.problems(in: root, of: yaml.lines)
            if let members = root.members {
                Self.collect(members, below: nil, of: yaml, into: &settings, &problems)
            } else {
                problems.append(Problem(yaml.place(of: root), "is not a mapping of names to values"))
            }
        }
        file = settings
        self.problems = problems
    }

    /// The settings that some layer sets, each by the layer that overrides the others.
    var settings: [SettingName: Setting] {
        Dictionary(uniqueKeysWithValues: SettingName.allCases.compactMap { name in self[name].map { (name, $0) } })
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
        _ members: [YAMLMember<YamsNode>], below section: String?, of yaml: YAMLText,
        into settings: inout [SettingName: Setting],
        _ problems: inout [Problem]
    ) {
        for member in members where !member.isMerge {
            let (place, value) = (yaml.lines.place(member.line), member.value)
            guard let word = member.name else {
                problems.append(Problem(place, "a key is not a word"))
                continue
            }
            let name = section.map { "\($0).\(word)" } ?? word
            let isSection = section == nil && SettingName.sections.contains(word)
            // A member without a value, as templates write it, is absent.
            if value.isNull, isSection || SettingName(rawValue: name) != nil { continue }
            // `tls`, `trusted_proxies` and `replay` are either a value or a section.
            if let setting = SettingName(rawValue: name), !(isSection && value.members != nil) {
                let text: String?
                do throws(NotJSON) { text = try Self.text(of: setting, value) } catch {
                    problems.append(
                        Problem(yaml.lines.place(error.line), "\(name) \(error.message)", hint: error.hint))
                    continue
                }
                guard let text else {
                    let kind = SettingName.objects.contains(setting) ? "mapping" : "single value"
                    problems.append(Problem(place, "\(name) is not a \(kind)"))
                    continue
                }
                guard settings[setting] == nil else {
                    problems.append(Problem(place, "\(name) is set twice"))
                    continue
                }
                settings[setting] = Setting(text: text, place: place)
            } else if isSection {
                guard let nested = value.members else {
                    problems.append(Problem(place, "\(name) is not a mapping of names to values"))
                    continue
                }
                collect(nested, below: word, of: yaml, into: &settings, &problems)
            } else {
                problems.append(Problem(place, "unknown key \(name)", hint: hint(forUnknown: name, value)))
            }
        }
    }

    /// The text of a setting; `nil` if the value is not of a kind that the setting may have.
    private static func text(of name: SettingName, _ value: YamsNode) throws(NotJSON) -> String? {
        if let text = value.text ?? list(name, value) { return text }
        return try object(name, value)
    }

    /// The elements of a list, separated by commas; `nil` if the setting cannot be a list, or the value is not a list
    /// of single values.
    private static func list(_ name: SettingName, _ value: YamsNode) -> String? {
        guard SettingName.lists.contains(name), let elements = value.elements else { return nil }
        let texts = elements.compactMap { $0.isNull ? nil : $0.text }
        guard texts.count == elements.count else { return nil }
        return texts.isEmpty ? SettingName.emptyList : texts.joined(separator: ",")
    }

    /// The JSON text of a mapping; `nil` if the setting cannot be one, or the value is none.
    private static func object(_ name: SettingName, _ value: YamsNode) throws(NotJSON) -> String? {
        guard SettingName.objects.contains(name), let object = try JSONValue(value).object else { return nil }
        var writer = JSONWriter()
        writer.value(.object(object))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A mistyped section is nearest to a section. A setting without its section is named with it.
    private static func hint(forUnknown name: String, _ value: YamsNode) -> String? {
        let names = SettingName.allCases.map(\.rawValue)
        let candidates = value.members == nil ? names + SettingName.sections.sorted() : SettingName.sections.sorted()
        let nearest = NearestName.of(name, among: candidates) ?? names.first { $0.hasSuffix(".\(name)") }
        return nearest.map { "did you mean \($0)?" }
    }
}
