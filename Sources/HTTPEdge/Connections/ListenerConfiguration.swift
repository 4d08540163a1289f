package import NIOSSL
package import WireText

/// What a new connection with TLS is given.
package struct ServerTLS: Sendable {
    package let context: NIOSSLContext
    /// Whether the context asks clients for certificates.
    package let asksForCertificates: Bool

    package init(_ context: NIOSSLContext, asksForCertificates: Bool) {
        self.context = context
        self.asksForCertificates = asksForCertificates
    }
}

/// What a listener is given.
package struct ListenerConfiguration: Sendable {
    package var host: String
    /// 0 for any free port.
    package var port: Int
    package var limits: ConnectionLimits
    /// May be shared by several listeners.
    package var budget: MemoryBudget
    /// May be shared by several listeners.
    package var descriptors: DescriptorReserve
    /// Returns the certificate with its key for a new connection; `nil` for a listener without TLS.
    package var tls: (@Sendable () -> ServerTLS)?
    /// Called with the certificates that a client has presented in a handshake, if there are several.
    package var reportCertificates: @Sendable ([[UInt8]]) -> Void = { _ in }
    /// Returns whose share of the memory budget a client draws from; `nil` for no share, as for a trusted proxy.
    package var share: @Sendable (IPAddress) -> AddressBlock? = { $0.block }
    /// Returns the seconds since 1970-01-01T00:00:00Z, for `Date`.
    package var now: @Sendable () -> Int64
    /// Called for what no request is answered for.
    package var report: @Sendable (EdgeEvent) -> Void
    package var respond: Responder

    package init(
        host: String, port: Int, limits: ConnectionLimits, budget: MemoryBudget, descriptors: DescriptorReserve,
        tls: (@Sendable () -> ServerTLS)? = nil, now: @escaping @Sendable () -> Int64,
        report: @escaping @Sendable (EdgeEvent) -> Void, respond: @escaping Responder
    ) {
        self.host = host
        self.port = port
        self.limits = limits
        self.budget = budget
        self.descriptors = descriptors
        self.tls = tls
        self.now = now
        self.report = report
        self.respond = respond
    }
}
