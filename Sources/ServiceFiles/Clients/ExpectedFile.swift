import OAuth
import Yams

/// What a clients file must be after an edit. If it is anything else, the edit is refused.
struct ExpectedFile {
    /// The positions of the entries that must check.
    var checked: [Int] = []
    /// The moments of all clients.
    var notBefore: TokensNotBefore
    /// The removed clients, in any order.
    var removed: [RemovedClient]
    /// The position of an entry, and the moments that it must have.
    var moments: (position: Int, notBefore: TokensNotBefore)?
    /// Compares the entries before and after the edit.
    var entries: ([Node], [Node]) -> Bool = { before, after in before.elementsEqual(after) }

    /// The same file.
    init(_ file: ClientsFile) {
        notBefore = file.settings.notBefore
        removed = file.settings.removed
    }

    func isMet(by file: ClientsFile, in after: YAMLText, from before: YAMLText, problemCount: Int) -> Bool {
        checked.allSatisfy { $0 < file.entries.count && file.entries[$0].client != nil }
            && moments.map { $0.position < file.entries.count && file.entries[$0.position].notBefore == $0.notBefore }
                ?? true
            && file.settings.notBefore == notBefore
            && file.settings.removed.count == removed.count && Set(file.settings.removed) == Set(removed)
            && file.settings.problems.count <= problemCount
            && entries(before.clientEntries, after.clientEntries)
    }
}

extension YAMLText {
    fileprivate var clientEntries: [Node] {
        root?.mapping?["clients"]?.sequence.map { Array($0) } ?? []
    }
}

extension Node {
    /// The members of a client's entry, without some of them.
    func members(except names: [String]) -> [Node: Node] {
        let pairs = mapping.map { Array($0) } ?? []
        return Dictionary(
            pairs.filter { pair in !names.contains { pair.key.string == $0 } }.map { ($0.key, $0.value) }
        ) { first, _ in first }
    }
}

extension ExpectedFile {
    /// Expects that members of one entry change, and nothing else.
    ///
    /// - Parameter isChanged: whether the entry is as it must be after the edit.
    mutating func change(_ names: [String], ofEntry index: Int, _ isChanged: @escaping (Node) -> Bool) {
        entries = { before, after in
            guard before.count == after.count, isChanged(after[index]) else { return false }
            return zip(before, after).enumerated().allSatisfy { position, pair in
                position == index
                    ? pair.0.members(except: names) == pair.1.members(except: names) : pair.0 == pair.1
            }
        }
    }
}
