import AccessToken
package import OAuth

/// The settings of `clients.yaml` that apply to all clients, and the clients that are removed.
package struct ClientsSettings: Sendable {
    /// `access_tokens_not_before` and `refresh_tokens_not_before`
    package private(set) var notBefore = TokensNotBefore()
    /// `removed`, in the order of the file.
    package private(set) var removed: [RemovedClient] = []
    package private(set) var problems: [Problem] = []
    /// The names of the settings that do not check.
    private(set) var brokenNames: Set<String> = []
    /// The trusted issuers, which identities name; `nil` if they are not known.
    let issuers: IssuerNames?
    /// What the configuration says about clients; `nil` if that is not known.
    let context: ClientsContext?

    /// - Parameters:
    ///   - members: the members of the file, or of the part of it before `clients`.
    ///   - former: the settings of the last reading. A setting that does not check keeps the value that it has there.
    ///   - issuers: the trusted issuers; `nil` if they are not known.
    ///   - context: what the configuration says about clients; `nil` if that is not known.
    init(
        _ members: [YAMLMember<YamsNode>], of file: FileLines, after former: ClientsSettings? = nil,
        issuers: IssuerNames? = nil, context: ClientsContext? = nil
    ) {
        self.context = context
        self.issuers = issuers
        for member in members where member.name != "clients" {
            switch member.name {
            case Self.accessTokensName: read(member, \.accessTokens, of: file, after: former)
            case Self.refreshTokensName: read(member, \.refreshTokens, of: file, after: former)
            case Self.removedName: readRemoved(member, of: file, after: former)
            default: refuse(member, of: file)
            }
        }
    }

    static let accessTokensName = "access_tokens_not_before"
    static let refreshTokensName = "refresh_tokens_not_before"
    static let removedName = "removed"
    /// The names of all such settings.
    static let names = [accessTokensName, refreshTokensName, removedName]

    private mutating func refuse(_ member: YAMLMember<YamsNode>, of file: FileLines) {
        let problemsOfForm = YAMLForm.problems(with: member, of: file)
        let nearest = NearestName.of(member.name ?? "", among: ["clients"] + Self.names)
        problems +=
            problemsOfForm.isEmpty
            ? [
                Problem(
                    file.place(member.line), "unknown key \(member.name ?? "")",
                    hint: nearest.map { "did you mean \($0)?" })
            ] : problemsOfForm
    }

    private mutating func read(
        _ member: YAMLMember<YamsNode>, _ kind: WritableKeyPath<TokensNotBefore, NotBefore>, of file: FileLines,
        after former: ClientsSettings?
    ) {
        var found = YAMLForm.problems(with: member, of: file)
        // Null is an absent member.
        if found.isEmpty, !member.value.isNull {
            do throws(InvalidValue) { notBefore[keyPath: kind] = try NotBefore(reading: member.value) } catch {
                found = [Problem(file.place(member.line), "\(member.name ?? "") \(error)")]
            }
        }
        guard !found.isEmpty, let name = member.name else { return }
        brokenNames.insert(name)
        problems += found
        if let former { notBefore[keyPath: kind] = former.notBefore[keyPath: kind] }
    }

    /// An element that does not check takes back no revocation: the former elements stay beside those that check.
    private mutating func readRemoved(
        _ member: YAMLMember<YamsNode>, of file: FileLines, after former: ClientsSettings?
    ) {
        guard !member.value.isNull else { return }
        var found: [Problem] = []
        if let elements = member.value.elements, [.none, .seq].contains(member.value.tag) {
            for element in elements {
                var reader = RemovedClientReader(element, of: file)
                if let client = reader.read() { removed.append(client) }
                found += reader.problems
            }
        } else {
            found.append(
                Problem(
                    file.place(member.line), "\(Self.removedName) is not a list",
                    hint: "`writ clients remove ID` writes it"))
        }
        guard !found.isEmpty else { return }
        brokenNames.insert(Self.removedName)
        problems += found
        let known = Set(removed)
        removed += former?.removed.filter { !known.contains($0) } ?? []
    }
}
