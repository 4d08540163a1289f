import Synchronization
import WireText

/// The memory that all connections together may take, for all listeners of the process. What a connection needs is
/// estimated, and drawn from here before it is used.
package final class MemoryBudget: Sendable {
    /// Whether memory may be used.
    package enum Draw: Sendable {
        case granted
        /// The budget is used up.
        case exhausted
        /// The address block has its share already: half of the budget.
        case overShare
    }

    private struct State {
        var drawn = 0
        var shares: [AddressBlock: Int] = [:]
        /// The most that was drawn since ``onEbb`` was called.
        var peak = 0
    }

    /// In octets.
    package let capacity: Int
    private let state = Mutex(State())
    private let onEbb: @Sendable () -> Void
    /// The least peak that is worth a call, in octets.
    private static let leastPeak = 4 << 20

    /// - Parameters:
    ///   - capacity: in octets.
    ///   - onEbb: called when most of a large amount was given back, as after a flood.
    package init(capacity: Int, onEbb: @escaping @Sendable () -> Void = {}) {
        self.capacity = capacity
        self.onEbb = onEbb
    }

    /// The octets that are in use.
    package var drawn: Int { state.withLock { $0.drawn } }

    /// Whether a further connection fits. A part of the budget is left for the requests of those that are open.
    var hasRoomForConnections: Bool { drawn < capacity - capacity / 4 }

    /// - Parameters:
    ///   - octets: zero or more.
    ///   - block: the addresses of the client; `nil` if they have no share of their own, as for a trusted proxy.
    func draw(_ octets: Int, for block: AddressBlock?) -> Draw {
        state.withLock { state in
            guard state.drawn + octets <= capacity else { return .exhausted }
            if let block {
                let share = state.shares[block, default: 0] + octets
                guard share <= capacity / 2 else { return .overShare }
                state.shares[block] = share
            }
            state.drawn += octets
            state.peak = max(state.peak, state.drawn)
            return .granted
        }
    }

    /// Gives back what was drawn.
    func giveBack(_ octets: Int, for block: AddressBlock?) {
        let isEbb = state.withLock { state in
            state.drawn -= octets
            if let block, let share = state.shares[block] {
                state.shares[block] = share > octets ? share - octets : nil
            }
            guard state.peak >= Self.leastPeak, state.drawn < state.peak / 4 else { return false }
            state.peak = state.drawn
            return true
        }
        if isEbb { onEbb() }
    }
}

/// Estimates of memory in octets, measured with the release build.
enum MemoryCost {
    /// A connection with its buffers for a small request.
    static let connection = 16 * 1024
    /// TLS on a connection.
    static let tls = 64 * 1024
    /// The certificates of a client during the handshake: BoringSSL reads 100 KiB of them.
    static let certificates = 128 * 1024
    /// What one octet of them takes afterwards: they are in the session and in each request.
    static let perCertificateOctet = 4
    /// HTTP/2 on a connection.
    static let http2 = 32 * 1024
    /// A stream of HTTP/2 without its fields and its content.
    static let stream = 2 * 1024
    /// What is read of a request before it needs more than its connection has drawn.
    static let smallRequest = 2 * ConnectionLimits.readSize
    /// The memory that one octet of a large request takes: it is in the buffer of the parser and in its fields.
    static let perOctet = 3
}
