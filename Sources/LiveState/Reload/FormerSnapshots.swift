/// Snapshots that were replaced and that requests may still use: one that waits for keys has its snapshot for seconds.
struct FormerSnapshots {
    private var snapshots: [Snapshot] = []

    /// How many there are.
    var count: Int { snapshots.count }

    mutating func add(_ snapshot: Snapshot) { snapshots.append(snapshot) }

    /// Frees those that no request uses any more, on this thread.
    mutating func freeUnused() {
        for index in snapshots.indices.reversed() where isKnownUniquelyReferenced(&snapshots[index]) {
            snapshots.remove(at: index)
        }
    }
}
