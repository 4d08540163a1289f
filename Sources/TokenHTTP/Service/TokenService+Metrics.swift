import AccessToken
import Admission
import Libcrypto
import LiveState
import OAuth
import PrometheusText
import ReplayStore
import ServiceFiles
import Signing
import Telemetry

extension TokenService {
    /// Registers the metrics that are computed on each scrape.
    func collect(
        _ readiness: Readiness, _ signers: SignerPool, _ remoteSigning: RemoteSigning, _ issuerKeys: IssuerKeySets,
        _ replayStore: ReplayStore?, _ uses: ClientUses, _ usesService: ClientUsesService,
        _ listeners: [ListenerService]
    ) {
        ProcessStatistics.collect(into: metrics.registry)
        metrics.registry.collect { [reloader, metrics, isPerClient = configuration.metricsPerClient] samples in
            metrics.forget(except: reloader.snapshots.current.clients)
            samples.gauge(
                "writ_build_info", help: "Always 1; the labels name the versions of Writ and libcrypto.", value: 1,
                labels: [("version", Release.version), ("openssl", LibcryptoVersion.text)])
            samples.gauge(
                "writ_ready", help: "Whether the service is ready for requests.", value: readiness.isReady ? 1 : 0)
            samples.gauge(
                "writ_signing_queue_depth", help: "Signatures that wait to be made.",
                value: Double(signers.waitingCount))
            samples.gauge(
                "writ_signing_queue_capacity", help: "Signatures that may wait, at the recent signing rate.",
                value: Double(signers.capacity))
            samples.gauge(
                "writ_remote_signatures_in_flight", help: "Signatures that other places are making.",
                value: Double(remoteSigning.inFlightCount))
            samples.gauge(
                "writ_remote_signatures_waiting", help: "Signatures that wait for their turns at other places.",
                value: Double(remoteSigning.waitingCount))
            for listener in listeners {
                samples.gauge(
                    "writ_open_connections", help: "Connections that clients hold open.",
                    value: Double(listener.connectionCount), labels: [("listener", listener.name)])
            }
            reloader.lastStatus.add(to: &samples)
            if let replayStore { ReplayStoreSamples(store: replayStore).add(to: &samples) }
            ClientUsesSamples(
                uses: uses, service: usesService, clients: reloader.snapshots.current.clients, isPerClient: isPerClient
            ).add(to: &samples)
            IssuerSamples(issuers: reloader.snapshots.current.identities.all, keys: issuerKeys).add(to: &samples)
            StateSamples(
                snapshot: reloader.snapshots.current, tlsIdentity: reloader.tlsIdentities.current,
                isPerClient: isPerClient, now: .now
            ).add(to: &samples)
        }
    }

    /// Adds a counter to the metrics.
    ///
    /// - Parameters:
    ///   - name: the name of the metric, which should end in `_total`.
    ///   - help: a description of the metric.
    ///   - value: returns the current count; called on each scrape.
    package func addCounter(_ name: String, help: String, value: @escaping @Sendable () -> Int) {
        metrics.registry.collect { $0.counter(name, help: help, value: Double(value())) }
    }
}
