import AccessToken
import JOSE
import OAuth
import SystemPackage
import WireText

/// Reads one entry of `issuers.yaml` and collects its problems.
struct IssuerReader<Node: YAMLNode>: EntryReader {
    let entry: Node
    let members: [YAMLMember<Node>]
    let file: FileLines
    let access: FileAccess
    /// The issuer identifier of the service, which is not one of its own trusted issuers; `nil` if it is not known.
    private let service: Issuer?
    private let profile: SecurityProfile
    var problems: [Problem] = []
    var warnings: [Problem] = []
    /// The files that the entry names, also if it does not check.
    private(set) var files: [FilePath] = []

    static var memberNames: [String] {
        [
            "name", "issuer", "keys", "jwks_uri", "jwks_file", "spiffe_bundle", "ca_file", "bearer_token_file",
            "audience",
            "algorithms", "longest_lifetime", "leeway", "single_use",
        ]
    }

    init(_ entry: Node, of file: FileLines, _ access: FileAccess, service: Issuer?, _ profile: SecurityProfile) {
        self.profile = profile
        self.entry = entry
        members = entry.members ?? []
        self.file = file
        self.access = access
        self.service = service
    }

    /// `name` as written; `nil` if it is missing or not a single value.
    var name: String? { member("name")?.text }

    /// `issuer` as written; `nil` if it is missing or not a single value.
    var identifier: String? { member("issuer")?.text }

    /// Adds a file that the entry names.
    mutating func add(file path: FilePath) { files.append(path) }

    /// - Returns: `nil` if the entry has a problem.
    mutating func read() -> TrustedIssuer? {
        guard entry.members != nil else {
            problems.append(Problem(file.place(entry.line), "an issuer is not a mapping of names to values"))
            return nil
        }
        problems = YAMLForm.problems(in: entry, of: file)
        guard problems.isEmpty else { return nil }
        checkNames()
        if profile != .standard {
            note(
                "issuer", "is trusted, \(profile.forbids): its tokens are no authentication of a client",
                hint: "issuers: []")
        }
        let name = value("name", Self.name)
        let identifier = value("issuer") { text throws(InvalidValue) in text }
        for required in ["name", "issuer"] where member(required) == nil { note(required, "is missing") }
        let isOwn = identifier.map { text in service.map { text.isSameText(as: $0.description) } == true } ?? false
        if isOwn {
            note("issuer", "is that of this service, whose own tokens are no identities")
        }
        let keys = keys()
        let caFile = authoritiesFile()
        let bearerTokenFile = bearerTokenFile(for: keys)
        let audience = value("audience", Self.audience)
        let algorithms = algorithms()
        let lifetime = value("longest_lifetime", Self.lifetime)
        let leeway = value("leeway", Self.leeway)
        let isSingleUse = value("single_use", DurationText.parseSwitch)
        guard let name, let identifier, problems.isEmpty else { return nil }
        do throws(InvalidValue) {
            return try TrustedIssuer(
                name: name, identifier: identifier, keys: keys ?? .discovery, caFile: caFile,
                bearerTokenFile: bearerTokenFile, audience: audience,
                algorithms: algorithms ?? SignatureAlgorithm.offered,
                longestLifetime: lifetime ?? TrustedIssuer.standardLifetime,
                leeway: leeway ?? TrustedIssuer.standardLeeway, isSingleUse: isSingleUse ?? false)
        } catch {
            note("issuer", error.description)
            return nil
        }
    }

    private mutating func algorithms() -> [SignatureAlgorithm]? {
        guard let node = member("algorithms") else { return nil }
        guard let elements = node.elements, !elements.isEmpty else {
            note("algorithms", "is not a list of at least one", hint: "algorithms: [RS256]")
            return nil
        }
        return elements.compactMap { element in
            if let name = element.text, let algorithm = SignatureAlgorithm(name: name) { return algorithm }
            let names = SignatureAlgorithm.all.map(\.name).joined(separator: ", ")
            problems.append(Problem(file.place(element.line), "algorithms: an element is none of \(names)"))
            return nil
        }
    }

    private static func name(_ text: String) throws(InvalidValue) -> String {
        try TrustedIssuer.checkName(text)
        return text
    }

    private static func audience(_ text: String) throws(InvalidValue) -> String {
        guard (1...2048).contains(text.utf8.count) else { throw InvalidValue("is empty or longer than 2048 octets") }
        return text
    }

    private static func lifetime(_ text: String) throws(InvalidValue) -> Duration {
        let lifetime = try DurationText.parse(text)
        guard TrustedIssuer.lifetimes.contains(lifetime) else { throw InvalidValue("is not between 1m and 48h") }
        return lifetime
    }

    private static func leeway(_ text: String) throws(InvalidValue) -> Duration {
        let leeway = try DurationText.parse(text)
        guard TrustedIssuer.leeways.contains(leeway) else { throw InvalidValue("is longer than 5m") }
        return leeway
    }
}
