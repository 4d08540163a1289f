import OAuth

/// What one entry of `clients.yaml` came to.
struct ClientEntry: Sendable {
    /// nil where the entry has a problem.
    let client: Client?
    /// `client_id` as it was written, also where something else is wrong.
    let id: String?
    /// Where the identifier stands, or else the entry.
    let place: Problem.Place
    let problems: [Problem]

    init(_ entry: some YAMLNode, of file: FileLines, _ settings: ClientsSettings) {
        var reader = ClientReader(entry, of: file, settings)
        client = reader.read()
        id = reader.id
        place = reader.place(ofMember: "client_id")
        problems = reader.problems
    }
}
