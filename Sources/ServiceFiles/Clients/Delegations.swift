import AccessToken
import OAuth
import WireText

/// `delegations`: what each file of a folder of clients may hand out.
package struct Delegations: Sendable, Equatable {
    /// By the name of the file.
    private let files: [ExactText: Delegation]
    /// The file that may use the identifiers with a beginning.
    private let owners: [ExactText: String]
    /// The different lengths of the beginnings, in octets.
    private let lengths: [Int]

    /// - Parameter files: the names of files, each once.
    /// - Throws: if one identifier could begin as two files may begin theirs.
    init(_ files: [(name: String, delegation: Delegation)]) throws(InvalidDelegations) {
        self.files = Dictionary(
            files.map { (ExactText($0.name), $0.delegation) }, uniquingKeysWith: { first, _ in first })
        let beginnings = files.flatMap { file in file.delegation.clientIDs.map { (text: $0, file: file.name) } }
        owners = Dictionary(beginnings.map { (ExactText($0.text), $0.file) }, uniquingKeysWith: { first, _ in first })
        lengths = Set(beginnings.map { $0.text.utf8.count }).sorted()
        for beginning in beginnings {
            guard let owner = owner(of: beginning.text), !owner.isSameText(as: beginning.file) else { continue }
            throw InvalidDelegations(
                "lets \(owner) and \(beginning.file) use identifiers that begin with \(beginning.text)",
                hint: "give each file client_ids that begin no identifier of another file")
        }
    }

    /// The names of the files, sorted.
    var names: [String] { files.keys.map(\.description).sorted() }

    /// What a file may hand out; `nil` if it is not named.
    subscript(name: String) -> Delegation? { files[ExactText(name)] }

    /// Why a file that is named may not have a client with an identifier; `nil` if it may.
    func refusal(of id: ClientID, in name: String) -> String? {
        let owner = owner(of: id.description)
        if let owner { return owner.isSameText(as: name) ? nil : "begins as delegations allow \(owner) alone" }
        guard let own = self[name]?.clientIDs, !own.isEmpty else { return nil }
        return "does not begin with \(own.joined(separator: " or ")), as delegations ask of \(name)"
    }

    /// What an entry has that its file, which is named, may not hand out.
    func problems(with entry: ClientEntry, in name: String) -> [Problem] {
        if let reason = entry.clientID.flatMap({ refusal(of: $0, in: name) }) {
            return [Problem(entry.place, "client_id \(reason)")]
        }
        guard let client = entry.client, let own = self[name] else { return [] }
        return own.excess(of: client).map {
            Problem(entry.place, "\($0), which delegations do not let \(name) hand out")
        }
    }

    /// The file that may use an identifier since it begins so; `nil` if no delegation says how it begins. Of the beginnings that
    /// it has, the shortest counts.
    func owner(of id: String) -> String? {
        for length in lengths where length <= id.utf8.count {
            let beginning = String(decoding: id.utf8.prefix(length), as: UTF8.self)
            if let owner = owners[ExactText(beginning)] { return owner }
        }
        return nil
    }
}

/// A mistake in `delegations`.
struct InvalidDelegations: Error {
    /// The rest of a sentence that begins with `delegations`.
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
