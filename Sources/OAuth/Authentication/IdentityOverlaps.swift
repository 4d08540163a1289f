package import AccessToken
import JOSE
import WireText

/// Pairs of clients that one token could be of: without `client_id` it is refused then.
///
/// The work is bounded. Identities that pin the same claims are compared by their values, and no more than a number of others
/// are compared one by one. A claim that is a list in tokens is not known as one, so that two clients with different values of
/// it are no pair, though one token may have both.
package struct IdentityOverlaps {
    /// Two clients with the name of the issuer of their identities.
    package struct Pair: Sendable, Equatable {
        package let issuer: String
        package let first: ClientID
        package let second: ClientID

        /// A pair is the same in either order.
        fileprivate init(issuer: String, _ one: ClientID, _ other: ClientID) {
            self.issuer = issuer
            // Client identifiers are ASCII.
            (first, second) = one.description < other.description ? (one, other) : (other, one)
        }
    }

    /// An identity of a client, with the accepted values of everything that it pins.
    private struct Entry {
        let client: Client
        let pins: [ClaimPath: Set<PinnedValue>]

        /// Whether a token can have both identities, if none of its claims is an array.
        func overlaps(_ other: Entry) -> Bool {
            pins.allSatisfy { path, values in other.pins[path].map { !$0.isDisjoint(with: values) } ?? true }
        }
    }

    /// At most ``most``.
    package private(set) var pairs: [Pair] = []
    private var budget: Int

    /// The most pairs that are found.
    package static let most = 20

    /// - Parameter budget: how many identities may be looked at, each as often as it is.
    package init(of clients: [Client], budget: Int = 1_000_000) {
        self.budget = budget
        var entries: [String: [Entry]] = [:]
        for client in clients {
            for identity in client.identities {
                entries[identity.issuer, default: []].append(Entry(client: client, pins: identity.pins))
            }
        }
        for (issuer, entries) in entries.sorted(by: { $0.key < $1.key }) { compare(entries, of: issuer) }
    }

    private mutating func compare(_ entries: [Entry], of issuer: String) {
        // By what they pin: most identities of one issuer pin the same claims.
        let groups = Dictionary(grouping: entries) { $0.pins.keys.map(\.description).sorted() }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (index, group) in groups.enumerated() {
            for other in groups[index...] {
                budget -= group.value.count + other.value.count
                guard budget > 0, pairs.count < Self.most else { return }
                compare(group.value, other.value, by: group.key.filter { other.key.contains($0) }, of: issuer)
            }
        }
    }

    private mutating func compare(_ entries: [Entry], _ others: [Entry], by names: [String], of issuer: String) {
        let paths = names.compactMap { try? ClaimPath($0) }
        func count(_ path: ClaimPath) -> Int { Set(others.flatMap { $0.pins[path] ?? [] }).count }
        // The claim that tells most of them apart.
        guard let path = paths.max(by: { count($0) < count($1) }) else {
            // No claim is pinned by both, so that each token that has one identity may have the other.
            let others = Self.firstOfEachClient(others)
            for entry in Self.firstOfEachClient(entries) { compare(entry, others[...], of: issuer) }
            return
        }
        var byValue: [PinnedValue: [Entry]] = [:]
        for entry in others {
            for value in entry.pins[path] ?? [] { byValue[value, default: []].append(entry) }
        }
        for entry in entries {
            for value in entry.pins[path] ?? [] { compare(entry, (byValue[value] ?? [])[...], of: issuer) }
            guard budget > 0, pairs.count < Self.most else { return }
        }
    }

    private static func firstOfEachClient(_ entries: [Entry]) -> [Entry] {
        var seen: Set<ObjectIdentifier> = []
        return entries.filter { seen.insert(ObjectIdentifier($0.client)).inserted }
    }

    private mutating func compare(_ entry: Entry, _ others: ArraySlice<Entry>, of issuer: String) {
        for other in others where other.client !== entry.client {
            guard budget > 0, pairs.count < Self.most else { return }
            budget -= 1
            guard entry.overlaps(other) else { continue }
            let pair = Pair(issuer: issuer, entry.client.id, other.client.id)
            if !pairs.contains(pair) { pairs.append(pair) }
        }
    }
}

extension ClientIdentity {
    /// The accepted values of everything that is pinned; `sub` is that of ``subject``.
    fileprivate var pins: [ClaimPath: Set<PinnedValue>] {
        var pins: [ClaimPath: Set<PinnedValue>] = [:]
        if let subject, let path = try? ClaimPath("sub") { pins[path] = [.text(ExactText(subject))] }
        for claim in claims {
            let values = Set(claim.accepted.compactMap { PinnedValue($0) })
            pins[claim.path] = pins[claim.path].map { $0.intersection(values) } ?? values
        }
        return pins
    }
}
