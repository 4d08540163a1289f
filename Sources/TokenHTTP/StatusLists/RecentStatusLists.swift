import AccessToken
import OAuth

/// The lists that were used last, as many as there is room for. Those that verifiers ask for stay, whatever else a stranger asks
/// for.
struct RecentStatusLists {
    /// Every list of the grid, and as many others as clients may have moments in a day.
    static let capacity = 2048
    /// In octets. A list takes 1,000 octets if nothing is revoked, and 240,000 if every second place is.
    static let room = 32 << 20

    private struct Entry {
        let list: PublishedStatusList
        /// Counts the uses of all lists.
        var lastUse: Int
    }

    private var entries: [NumericDate: Entry] = [:]
    private var useCount = 0
    private(set) var size = 0

    var count: Int { entries.count }

    /// The list with this name, which counts as used.
    mutating func use(_ name: NumericDate) -> PublishedStatusList? {
        useCount += 1
        entries[name]?.lastUse = useCount
        return entries[name]?.list
    }

    /// Adds a list in place of the one with its name, and drops what has expired and what there is no room for. The list itself
    /// stays in any case.
    mutating func insert(_ list: PublishedStatusList, now: NumericDate) {
        let name = list.basis.name
        remove(name)
        for (name, entry) in entries where !entry.list.isValid(at: now) { remove(name) }
        while entries.count >= Self.capacity || size + list.size > Self.room,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            remove(oldest.key)
        }
        useCount += 1
        entries[name] = Entry(list: list, lastUse: useCount)
        size += list.size
    }

    private mutating func remove(_ name: NumericDate) {
        if let entry = entries.removeValue(forKey: name) { size -= entry.list.size }
    }
}
