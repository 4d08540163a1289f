package import AccessToken

/// The settings of `clients.yaml` that apply to all clients.
package struct ClientsSettings: Sendable {
    /// `refresh_tokens_not_before`: a refresh token is rejected if the first token of its family was issued before.
    package private(set) var refreshTokensNotBefore: NumericDate?
    package private(set) var problems: [Problem] = []
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
            let place = file.place(member.line)
            let problemsOfForm = YAMLForm.problems(with: member, of: file)
            guard problemsOfForm.isEmpty else {
                problems += problemsOfForm
                if member.name == Self.notBeforeName { refreshTokensNotBefore = former?.refreshTokensNotBefore }
                continue
            }
            guard member.name == Self.notBeforeName else {
                let nearest = NearestName.of(member.name ?? "", among: ["clients", Self.notBeforeName])
                problems.append(
                    Problem(place, "unknown key \(member.name ?? "")", hint: nearest.map { "did you mean \($0)?" }))
                continue
            }
            // Null is an absent member.
            guard !member.value.isNull else { continue }
            do throws(InvalidValue) {
                refreshTokensNotBefore = try NumericDate(rfc3339: member.value.text ?? "")
            } catch {
                problems.append(Problem(place, "\(Self.notBeforeName) \(error)"))
                refreshTokensNotBefore = former?.refreshTokensNotBefore
            }
        }
    }

    /// The name of the only such setting.
    static let notBeforeName = "refresh_tokens_not_before"
}
