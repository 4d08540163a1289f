import ServiceLifecycle
import Telemetry

/// Logs once a second what was counted instead of logged.
struct SummaryService: Service {
    let reporter: EventReporter

    func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(1))) != nil { reporter.reportSummaries() }
        }
        reporter.reportSummaries()
    }
}
