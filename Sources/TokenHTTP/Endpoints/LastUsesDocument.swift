import AccessToken
import Admission
import JOSE
import LiveState
import NIOCore
import NIOPosix
import OAuth
import Synchronization
import WireText

/// The documents of `/clients/last-used` of the management listener: when registered clients last got tokens, in the order of
/// their identifiers, a part of them in each document. They are made on a thread of their own.
///
///     {"since":"2026-11-30T05:00:00Z","clients":[{"client_id":"demo","last_used":"2026-11-30T05:56:04Z"}],"next":"demo"}
///
/// `next` is there if more clients follow: `?after=demo` asks for them.
final class LastUsesDocument: Sendable {
    /// The uses that a sequence of requests reads: sorting them anew for each part of many clients would take seconds.
    fileprivate struct Listing {
        let uses: [LastUse]
        let since: NumericDate
        let end: ContinuousClock.Instant
    }

    /// The most clients of one document, whose identifiers have 256 characters at most.
    static let clientLimit = 500
    private static let lifetime: Duration = .seconds(5)

    private let uses: ClientUses
    private let snapshots: SnapshotStore
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let recent = Mutex<Listing?>(nil)

    init(_ uses: ClientUses, snapshots: SnapshotStore) {
        self.uses = uses
        self.snapshots = snapshots
        thread.start()
    }

    deinit { thread.shutdownGracefully { _ in } }

    /// - Parameter query: that of the request; `nil` without one.
    /// - Returns: `nil` if the query is not one of a part.
    func document(_ query: String?, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer>? {
        var first: ClientID?
        if let query {
            let (name, value) = Octets(query).split(at: "=")
            guard name.isSame(as: "after"), let text = value?.percentDecoded, let client = try? ClientID(text) else {
                return nil
            }
            first = client
        }
        return thread.runIfActive(eventLoop: loop) { [self, first] in ByteBuffer(bytes: part(after: first)) }
    }

    /// The part that follows a client; `nil` for the first.
    func part(after client: ClientID?) -> [UInt8] {
        let listing = listing(isFirst: client == nil)
        let begin = client.map { listing.firstIndex(after: $0) } ?? 0
        let part = listing.uses[begin...].prefix(Self.clientLimit)
        var writer = JSONWriter(reservingCapacity: 100 * part.count + 100)
        writer.object { document in
            document.member("since", RFC3339.write(listing.since))
            document.name("clients")
            document.array { array in
                for use in part {
                    array.object {
                        $0.member("client_id", use.client.description)
                        $0.member("last_used", RFC3339.write(use.time))
                    }
                }
            }
            if part.endIndex < listing.uses.endIndex, let last = part.last {
                document.member("next", last.client.description)
            }
        }
        return writer.bytes
    }

    private func listing(isFirst: Bool) -> Listing {
        recent.withLock { recent in
            if !isFirst, let recent, .now < recent.end { return recent }
            let clients = snapshots.current.clients
            // Identifiers are ASCII, so that this is the order of their octets.
            let sorted = uses.lastUses.filter { clients[$0.client] != nil }
                .sorted { $0.client.description < $1.client.description }
            let listing = Listing(uses: sorted, since: uses.since, end: .now + Self.lifetime)
            recent = listing
            return listing
        }
    }
}

extension LastUsesDocument.Listing {
    /// The index of the first client whose identifier comes after that of `client`.
    fileprivate func firstIndex(after client: ClientID) -> Int {
        var (low, high) = (0, uses.count)
        while low < high {
            let middle = (low + high) / 2
            if uses[middle].client.description <= client.description { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
