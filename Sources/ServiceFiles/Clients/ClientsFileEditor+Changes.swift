import AccessToken
import OAuth
import Yams

extension ClientsFileEditor {
    /// Changes members of a client's entry.
    ///
    /// - Parameter isTrial: whether to write nothing.
    /// - Returns: the client before and after.
    /// - Throws: the problems that the entry has, or would have.
    func set(
        _ changes: [ClientChange], of id: ClientID, isTrial: Bool = false, now: NumericDate
    ) throws -> (before: ClientEntry, after: ClientEntry) {
        var before: ClientEntry?
        let file = try edit(.entries(of: id), isTrial: isTrial) { document, file, whole in
            guard let index = file.positions(of: id).first else { throw ClientsFileEditError.noSuchClient }
            let entry = try whole.firstEntry(of: id)
            // A mistake elsewhere in the entry keeps no client from being disabled.
            let isSwitch = changes.allSatisfy(\.isSwitch)
            guard isSwitch || entry.client != nil else { throw InvalidConfiguration(entry.problems) }
            before = entry
            var members: [String: MemberText] = [:]
            for change in changes {
                for member in try change.members(of: entry.client, entry.notBefore, now: now) {
                    members[member.name] = member
                }
            }
            try document.set(members.values.sorted { $0.name < $1.name }, ofEntry: index)
            var expected = ExpectedFile(file)
            expected.checked = isSwitch ? [] : [index]
            expected.change(Array(members.keys), ofEntry: index) { entry in
                members.values.allSatisfy { $0.isMember(of: entry) }
            }
            return expected
        }
        guard let before, let after = file.positions(of: id).first.map({ file.entries[$0] }) else {
            throw ClientsFileEditError.noSuchClient
        }
        return (before, after)
    }
}

extension MemberText {
    /// Whether an entry has the member as it is to be written, or has none if it is to be left out.
    fileprivate func isMember(of entry: Node) -> Bool {
        guard !lines.isEmpty else { return entry.mapping?[name] == nil }
        let written = try? YamsNode.parse(lines.joined(separator: "\n"))?.node
        return written?.mapping?[name] == entry.mapping?[name]
    }
}
