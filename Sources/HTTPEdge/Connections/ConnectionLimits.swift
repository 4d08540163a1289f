package import NIOCore

/// What a client may take of the service: octets, time, streams.
package struct ConnectionLimits: Sendable {
    /// The most octets of a head: the target, the names and the values of all fields.
    package var head = 16 * 1024
    /// The most octets of a request's content.
    package var content = 16 * 1024
    /// How long a connection may be silent before its first request, and how long a head may take to arrive.
    package var headTime: TimeAmount = .seconds(30)
    /// How long the content of a request may take to arrive.
    package var contentTime: TimeAmount = .seconds(10)
    /// How long a connection may be idle between requests.
    package var idleTime: TimeAmount
    /// How long a client may read nothing of its responses.
    package var readerTime: TimeAmount = .seconds(10)
    /// How long a TLS handshake may take.
    package var handshakeTime: TimeAmount = .seconds(10)
    /// How long a client that still sends is read after the last response, so that it can read that response (RFC 9112
    /// section 9.6).
    package var lingerTime: TimeAmount = .seconds(2)
    /// How long a connection of HTTP/2 stays open after GOAWAY.
    package var goAwayTime: TimeAmount = .seconds(5)
    /// How long a stream of HTTP/2 may wait for its client to accept the response.
    package var streamTime: TimeAmount = .seconds(30)
    /// How long requests that have begun may take to end during graceful shutdown.
    package var drainTime: TimeAmount = .seconds(15)
    /// The most streams of a connection whose client has not authenticated yet.
    package var firstStreams = 16
    /// The most streams of any other connection.
    package var streams = 100
    /// The most open connections.
    package var connections = 10_000
    /// How long a client must have sent no whole request before its connection may be closed to make room for another
    /// one. A client that has authenticated keeps its connection.
    package var evictionTime: TimeAmount = .seconds(2)

    /// - Parameter idleTime: how long a connection may be idle between requests.
    package init(idleTime: TimeAmount = .seconds(75)) {
        self.idleTime = idleTime
    }

    /// The most unanswered requests of a pipeline; they wait in memory.
    static let pipeline = 64
    /// The most octets that are read behind an unanswered request: a record of TLS.
    static let pipelineOctets = 16 * 1024
    /// The octets of responses that are flushed together at most.
    static let largestWrite = 16 * 1024
    /// The size of one read in octets. Most requests are smaller.
    static let readSize = 4096
    /// The most octets of framing, such as the sizes of chunks and their extensions: those of 2700 chunks of one octet.
    static let framing = 16 * 1024
}
