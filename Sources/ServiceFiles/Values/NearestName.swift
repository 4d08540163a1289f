/// Finds the name that a mistyped name most likely stands for.
enum NearestName {
    /// The candidate with the fewest edits from `name`; `nil` if it takes more than two edits and more than a third of
    /// the candidate's octets.
    static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let name = Array(name.lowercased().utf8.prefix(64))
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let most = max(2, candidate.utf8.count / 3)
            guard abs(candidate.utf8.count - name.count) <= most else { continue }
            let distance = distance(name, Array(candidate.utf8))
            if distance <= most, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// The candidate with the fewest edits from `name`, and no more than `edits`; `nil` if there is none. The case of
    /// letters does not count.
    static func of(_ name: String, among candidates: some Sequence<String>, within edits: Int) -> String? {
        let name = Array(name.lowercased().utf8.prefix(64))
        let distances = candidates.map { ($0, distance(name, Array($0.lowercased().utf8))) }
        return distances.filter { $0.1 <= edits }.min { $0.1 < $1.1 }?.0
    }

    /// The number of insertions, deletions and replacements of single octets, and of swaps of adjacent ones.
    private static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...second.count)
        for row in 1...max(first.count, 1) where row <= first.count {
            var current = [row]
            for column in 1...max(second.count, 1) where column <= second.count {
                let substitution = first[row - 1] == second[column - 1] ? 0 : 1
                var cost = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + substitution)
                if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
                    cost = min(cost, beforePrevious[column - 2] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[second.count]
    }
}
