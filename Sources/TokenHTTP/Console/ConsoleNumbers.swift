import AccessToken
import JOSE
import OAuth
import Telemetry

/// The numbers of one moment: what an event of the console has. The counts are totals since the start of the service.
struct ConsoleNumbers: Sendable {
    let time: NumericDate
    /// Since the start of the service.
    let uptime: Duration
    /// Another number whenever the rest of the state has changed.
    let revision: Int
    let isReady: Bool
    let totals: RequestTotals
    /// Signatures that wait to be made, and how many may wait.
    let signatures: (waiting: Int, capacity: Int)
    /// The connections of clients, without those of the management listener.
    let connectionCount: Int

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("time", time.seconds)
            object.member(
                "uptime_ms", uptime.components.seconds * 1000 + uptime.components.attoseconds / 1_000_000_000_000_000)
            object.member("revision", Int64(revision))
            object.member("ready", .bool(isReady))
            object.member("issued", Int64(totals.issued))
            object.member("reused", Int64(totals.reused))
            object.member("answered", Int64(totals.answered))
            object.member("refused", Int64(totals.refused))
            object.member("waiting", Int64(signatures.waiting))
            object.member("capacity", Int64(signatures.capacity))
            object.member("connections", Int64(connectionCount))
            object.name("causes")
            object.object { causes in
                for (cause, count) in totals.causes { causes.member(cause.rawValue, Int64(count)) }
            }
        }
    }
}
