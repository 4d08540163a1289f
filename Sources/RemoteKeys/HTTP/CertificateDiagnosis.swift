import AccessToken
import NIOCore
import NIOPosix
import NIOSSL

/// Finds out what is wrong with a server's certificate. BoringSSL tells no more than that it does not verify, so the chain
/// is fetched once more, on a connection that ends with it.
enum CertificateDiagnosis {
    /// - Returns: `nil` if the server showed no certificate this time.
    static func failure(of route: OutgoingRoute) async -> ConnectionFailure? {
        guard let chain = try? await Deadline.race(.seconds(2), { try await certificates(of: route) }) else {
            return nil
        }
        let times = chain.map {
            ValidityTime(NumericDate(Int64($0.notValidBefore)), NumericDate(Int64($0.notValidAfter)))
        }
        return ConnectionFailure(.untrustedCertificate, reason(times, now: .now))
    }

    /// - Parameter chain: the server's own certificate first.
    static func reason(_ chain: [ValidityTime], now: NumericDate) -> String {
        for (index, time) in chain.enumerated() {
            let subject = index == 0 ? "its certificate" : "a certificate of its chain"
            if time.end < now { return "\(subject) expired on \(time.end.rfc3339)" }
            if now < time.start { return "\(subject) is not valid before \(time.start.rfc3339)" }
        }
        return "its certificate is not signed by a trusted authority"
    }

    /// The certificates that the server shows, none of which is checked.
    private static func certificates(of route: OutgoingRoute) async throws -> [NIOSSLCertificate] {
        // The callback decides alone. Without roots no file is read.
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([])
        let context = try NIOSSLContext(configuration: configuration)
        let isAddress = (try? SocketAddress(ipAddress: route.host, port: route.port)) != nil
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: [NIOSSLCertificate].self)
        let channel = try? await ClientBootstrap(group: loop)
            .connectTimeout(.seconds(2))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(
                        context: context, serverHostname: isAddress ? nil : route.host,
                        customVerificationCallback: { chain, verdict in
                            promise.succeed(chain)
                            verdict.succeed(.failed)
                        })
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: route.host, port: route.port).get()
        guard let channel else {
            promise.fail(ChannelError.ioOnClosedChannel)
            return try await promise.futureResult.get()
        }
        // The first outcome counts.
        channel.closeFuture.whenComplete { _ in promise.fail(ChannelError.eof) }
        defer { channel.close(promise: nil) }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

/// From when to when a certificate is valid, RFC 5280 section 4.1.2.5.
struct ValidityTime {
    let start: NumericDate
    let end: NumericDate

    init(_ start: NumericDate, _ end: NumericDate) {
        (self.start, self.end) = (start, end)
    }
}
