import NIOCore
import NIOSSL
import WireText

/// An open connection as its listener sees it. It is used on its event loop alone.
final class OpenConnection {
    let channel: any Channel
    /// The client. Its certificate is known after the handshake.
    var peer: Peer
    let listener: ListenerState
    private var list: OpenConnections
    private let authenticatedList: OpenConnections
    private let share: AddressBlock?
    /// What was drawn from the budget beside ``MemoryCost/connection``: for the protocol, and for requests.
    private var drawn = 0
    private var protocolCost = 0
    /// Whether the client has proved who it is.
    private(set) var isAuthenticated = false
    /// Whether a request waits for its response, or a response for its client.
    var isAnswering = false
    /// When the client last sent a whole request, or began the connection. Parts of a request do not count.
    private(set) var lastRequest: NIODeadline
    /// The neighbours in the list of ``OpenConnections``, which removes itself from it in the end.
    fileprivate var previous: OpenConnection?
    fileprivate var next: OpenConnection?
    fileprivate var isListed = false

    /// Adds the connection to the list of its event loop.
    init(
        _ channel: any Channel, peer: Peer, share: AddressBlock?, listener: ListenerState, loop: ListenerState.LoopState
    ) {
        self.channel = channel
        self.peer = peer
        self.share = share
        self.listener = listener
        list = loop.strangers
        authenticatedList = loop.authenticated
        lastRequest = channel.eventLoop.now
        list.append(self)
    }

    var limits: ConnectionLimits { listener.limits }

    /// Draws more memory for the protocol of the connection.
    ///
    /// - Returns: false if there is none.
    func drawForProtocol(_ octets: Int) -> Bool {
        guard draw(drawn + octets) else { return false }
        protocolCost += octets
        return true
    }

    /// Gives back memory that was drawn for the protocol.
    func giveBackOfProtocol(_ octets: Int) {
        protocolCost -= octets
        _ = draw(drawn - octets)
    }

    /// Sets what the requests of the connection take.
    ///
    /// - Returns: false if there is no memory for more.
    func drawForRequests(_ octets: Int) -> Bool { draw(protocolCost + octets) }

    private func draw(_ octets: Int) -> Bool {
        if octets > drawn {
            guard case .granted = listener.budget.draw(octets - drawn, for: share) else {
                listener.report(.noMemory(peer.address))
                return false
            }
        } else if octets < drawn {
            listener.budget.giveBack(drawn - octets, for: share)
        }
        drawn = octets
        return true
    }

    /// Records that the client sent a whole request, or completed the TLS handshake.
    func touch() {
        lastRequest = channel.eventLoop.now
        list.moveToEnd(self)
    }

    /// Records that the client has proved who it is.
    func authenticate() {
        guard !isAuthenticated else { return }
        isAuthenticated = true
        list.remove(self)
        list = authenticatedList
        list.append(self)
    }

    /// Closes the connection without waiting for anything, for instance for the end of TLS.
    func abort() {
        let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        if let tls { tls.close(promise: nil) } else { channel.close(promise: nil) }
    }

    /// Records that the connection has ended, and gives back its memory.
    func end() {
        list.remove(self)
        listener.budget.giveBack(drawn, for: share)
        drawn = 0
    }

    /// Whether the connection may be closed for another one.
    func isEvictable(now: NIODeadline) -> Bool {
        !isAnswering && lastRequest + limits.evictionTime <= now
    }
}

/// The open connections of a listener on one event loop, those whose client sent no whole request for longest first.
final class OpenConnections {
    private var first: OpenConnection?
    private var last: OpenConnection?
    /// How many connections that may not be closed are looked at in a search for one that may.
    private static let searchLength = 64

    fileprivate func append(_ connection: OpenConnection) {
        guard !connection.isListed else { return }
        connection.isListed = true
        connection.previous = last
        last?.next = connection
        last = connection
        if first == nil { first = connection }
    }

    fileprivate func moveToEnd(_ connection: OpenConnection) {
        guard connection.isListed, last !== connection else { return }
        remove(connection)
        append(connection)
    }

    fileprivate func remove(_ connection: OpenConnection) {
        guard connection.isListed else { return }
        connection.isListed = false
        connection.previous?.next = connection.next
        connection.next?.previous = connection.previous
        if first === connection { first = connection.next }
        if last === connection { last = connection.previous }
        connection.previous = nil
        connection.next = nil
    }

    /// Closes the first connection that may be closed.
    ///
    /// - Returns: false if there is none.
    func evictOne(now: NIODeadline) -> Bool {
        var candidate = first
        for _ in 0..<Self.searchLength {
            guard let connection = candidate else { return false }
            if connection.isEvictable(now: now) {
                remove(connection)
                connection.listener.report(.evicted(connection.peer.address))
                connection.abort()
                return true
            }
            candidate = connection.next
        }
        return false
    }

    /// All connections. The list may change while they are used.
    var all: [OpenConnection] {
        var all: [OpenConnection] = []
        var connection = first
        while let current = connection {
            all.append(current)
            connection = current.next
        }
        return all
    }
}
