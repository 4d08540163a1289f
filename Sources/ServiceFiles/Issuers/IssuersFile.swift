import AccessToken
package import OAuth
package import SystemPackage
import WireText

/// `issuers.yaml`: the issuers whose tokens say which client a workload is.
package struct IssuersFile: Sendable {
    private let path: FilePath
    /// Whether the file may be absent: no setting names it.
    private let mayBeAbsent: Bool
    private let access: FileAccess
    /// The issuer identifier of the service.
    private let service: Issuer
    private let profile: SecurityProfile

    /// - Parameters:
    ///   - mayBeAbsent: whether there are no issuers if there is no such file, and that is no problem.
    ///   - service: the issuer identifier of the service.
    ///   - profile: `profile` of the configuration.
    init(
        _ path: FilePath, mayBeAbsent: Bool, _ access: FileAccess, service: Issuer, profile: SecurityProfile = .standard
    ) {
        self.profile = profile
        self.path = path
        self.mayBeAbsent = mayBeAbsent
        self.access = access
        self.service = service
    }

    /// Reads the file and all its entries, good or not.
    ///
    /// - Parameter former: the issuers of the last reading: an entry that does not check keeps the form that its name has
    ///   there. `nil` if there is none, and such an entry is out.
    /// - Throws: if the file as a whole cannot be read or is not a file of issuers.
    package func read(after former: IssuersReading? = nil) throws(InvalidConfiguration) -> IssuersReading {
        if mayBeAbsent, isAbsent { return .empty }
        return try Self.read(YAMLText(reading: path, access), access, service: service, profile: profile, after: former)
    }

    private var isAbsent: Bool {
        do { _ = try path.stat(followTargetSymlink: false) } catch { return error == Errno.noSuchFileOrDirectory }
        return false
    }

    static func read(
        _ yaml: YAMLText, _ access: FileAccess, service: Issuer?, profile: SecurityProfile = .standard,
        after former: IssuersReading? = nil
    ) throws(InvalidConfiguration) -> IssuersReading {
        guard let root = yaml.content else {
            throw InvalidConfiguration([
                Problem(
                    .file(yaml.path.string, line: nil), "the file of issuers is empty",
                    hint: "write `issuers: []` if there is none")
            ])
        }
        let members = root.members ?? []
        guard let entries = members.first(where: { $0.name == "issuers" })?.value.elements else {
            throw InvalidConfiguration([
                Problem(
                    yaml.place(of: root), "is not a file of issuers",
                    hint: "it begins with a line `issuers:`; write `issuers: []` if there is none")
            ])
        }
        var reading = IssuersReading()
        for member in members where member.name != "issuers" {
            let nearest = NearestName.of(member.name ?? "", among: ["issuers"])
            reading.problems.append(
                Problem(
                    yaml.lines.place(member.line), "unknown key \(member.name ?? "")",
                    hint: nearest.map { "did you mean \($0)?" }))
        }
        var merger = IssuerMerger(entries.map { IssuerReader($0, of: yaml.lines, access, service: service, profile) })
        merger.keep(former?.issuers ?? [])
        merger.add(to: &reading)
        return reading
    }
}

/// The issuers of `issuers.yaml`, as they were read entry by entry: what is wrong with one entry holds up no other.
package struct IssuersReading: Sendable {
    /// In the order of the file. An entry that does not check has the form that it last had, if it had one.
    package fileprivate(set) var issuers: [TrustedIssuer] = []
    /// What is wrong with the file and its entries.
    package fileprivate(set) var problems: [Problem] = []
    /// What does not keep an entry from being used.
    package fileprivate(set) var warnings: [Problem] = []
    /// The files that decide something and that entries name, each once.
    package fileprivate(set) var files: [FilePath] = []

    /// No issuers.
    package static let empty = IssuersReading()

    /// The identifiers of the issuers by their names, which is what clients have to do with.
    package var names: IssuerNames { IssuerNames(issuers) }

    /// Checks identities that an operator is about to give a client.
    ///
    /// - Returns: what is unusual in them.
    /// - Throws: if there is no such issuer, or if one pins no owner at an issuer that many organizations share.
    package func check(
        _ identities: [ClientIdentity], at place: Problem.Place
    ) throws(InvalidConfiguration) -> [Problem] {
        var problems: [Problem] = []
        var warnings: [Problem] = []
        for identity in identities {
            warnings += identity.warningsOfWildcards(at: place)
            guard let identifier = names[identity.issuer] else {
                let known = names.all.isEmpty ? "there is none" : "there are \(names.all.joined(separator: ", "))"
                problems.append(
                    Problem(
                        place, "there is no issuer called \(identity.issuer)",
                        hint: "add it to issuers.yaml first; \(known)"))
                continue
            }
            let findings = SharedIdentityFindings(identity, ofIssuer: identifier, at: place)
            problems += findings.problems
            warnings += findings.warnings
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return warnings
    }

    /// - Throws: all problems, if there are any.
    package func checked() throws(InvalidConfiguration) -> [TrustedIssuer] {
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return issuers
    }
}

/// Puts the entries of a file and the issuers of the last reading together. A name and an identifier are of one issuer.
private struct IssuerMerger<Node: YAMLNode> {
    private var entries: [(reader: IssuerReader<Node>, issuer: TrustedIssuer?)] = []
    private var names: Set<ExactText> = []
    private var identifiers: Set<ExactText> = []

    /// Of two entries with one name or one identifier the first that checks counts.
    init(_ readers: [IssuerReader<Node>]) {
        for var reader in readers {
            var issuer = reader.read()
            if let name = reader.name, names.contains(ExactText(name)) {
                reader.note("name", "is already used above")
                issuer = nil
            } else if let identifier = reader.identifier, identifiers.contains(ExactText(identifier)) {
                reader.note("issuer", "is already used above")
                issuer = nil
            }
            entries.append((reader, issuer))
            if let issuer { take(issuer) }
        }
    }

    /// Gives entries that do not check the form that they last had, unless an entry that checks has its name or identifier by
    /// now.
    mutating func keep(_ former: [TrustedIssuer]) {
        for index in entries.indices where entries[index].issuer == nil {
            guard let name = entries[index].reader.name, !names.contains(ExactText(name)),
                let kept = former.first(where: { $0.name.isSameText(as: name) }),
                !identifiers.contains(ExactText(kept.identifier))
            else { continue }
            entries[index].issuer = kept
            take(kept)
        }
    }

    private mutating func take(_ issuer: TrustedIssuer) {
        names.insert(ExactText(issuer.name))
        identifiers.insert(ExactText(issuer.identifier))
    }

    func add(to reading: inout IssuersReading) {
        var files: Set<FilePath> = []
        for (reader, issuer) in entries {
            for file in reader.files where files.insert(file).inserted { reading.files.append(file) }
            reading.problems += reader.problems
            guard let issuer else { continue }
            reading.issuers.append(issuer)
            // What is unusual in an entry that keeps its former form was said then.
            if reader.problems.isEmpty { reading.warnings += reader.warnings }
        }
    }
}
