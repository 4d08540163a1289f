import AccessToken
import OAuth
import SystemPackage

extension EntryMerger {
    /// Takes out what a file may not hand out.
    mutating func refuseUndelegated() {
        guard let delegations else { return }
        for index in entries.indices {
            guard let id = entries[index].clientID else { continue }
            let name = files[fileOfEntry[index]].path.name
            let found = delegations.problems(with: entries[index], in: name)
            guard !found.isEmpty else { continue }
            problems[index, default: []] += found
            // What a file may not hand out takes out no client of another file.
            if delegations.refusal(of: id, in: name) != nil || formerClient(index) == nil { foreign.insert(index) }
        }
        removedInFiles.removeAll { element in
            let file = files[element.file].path
            guard let reason = delegations.refusal(of: element.client.id, in: file.name) else { return false }
            settingProblems.append(
                Problem(
                    .file(file.string, line: nil),
                    "\(ClientsSettings.removedName) has \(element.client.id), which \(reason)"))
            return true
        }
    }

    /// Takes out what a file has in `removed` if its place in the status lists is that of a client of another file, whose tokens
    /// it would revoke.
    mutating func refuseForeignRemovals() {
        guard delegations != nil, !removedInFiles.isEmpty else { return }
        var holders: [Int: Int] = [:]
        for index in entries.indices where counts(index) && !displaced.contains(index) {
            guard let client = registered(index), let place = try? StatusIndex.place(client.statusIndex, of: client.id),
                holders[place] == nil
            else { continue }
            holders[place] = index
        }
        removedInFiles.removeAll { element in
            guard let place = try? element.client.statusPlace(), let holder = holders[place],
                fileOfEntry[holder] != element.file
            else { return false }
            settingProblems.append(
                Problem(
                    .file(files[element.file].path.string, line: nil),
                    "\(ClientsSettings.removedName) has \(element.client.id), whose place in the status lists is that of a "
                        + "client in \(entries[holder].place)"))
            return true
        }
    }
}
