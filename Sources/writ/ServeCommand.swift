import ArgumentParser
import Foundation
import Logging
import RemoteKeys
import ServiceFiles
import Telemetry
import TokenHTTP

struct ServeCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Run the service.")

    static let examples = ["writ serve --config site/writ.yaml"]

    @OptionGroup var configurationOption: ConfigurationOption

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        // Text for a terminal, JSON for a log collector.
        let log = ServiceLog(isatty(STDERR_FILENO) == 1 ? .text : .json)
        // An error is reported behind all lines of the log.
        defer { log.finish() }
        // Before anything is read: what is read may keep the service waiting.
        let signals = ServiceSignals(log.logger) { status in
            log.finish()
            RunningProcess.exitAtOnce(status: status)
        }
        let (service, traces) = try makeService(log)
        do {
            try await service.run(signals: signals, companions: traces.map { [$0] } ?? [])
        } catch let error as ListenerError {
            throw Failure(error.description, hint: error.hint)
        }
    }

    /// Reads everything that the service needs, and logs what it starts with.
    private func makeService(_ log: ServiceLog) throws -> (TokenService, TraceExport?) {
        // Before memory holds a secret.
        let memory = MemoryProtection()
        RunningProcess.raiseOpenFileLimit()
        let configuration = try configurationOption.read(settings.values, .service)
        log.setLevel(Logger.Level(configuration.logLevel))
        let logger = log.logger
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let traces = configuration.tracing.map {
            TraceExport(to: $0, through: OutgoingHTTP(configuration), logger: logger)
        }
        let service = try TokenService(
            configuration, logger: logger, tracer: traces?.tracer, setLogLevel: log.setLevel)
        service.addCounter(
            "writ_log_lines_dropped_total", help: "Log lines that were dropped because the log was not read in time."
        ) {
            log.droppedCount
        }
        if let traces {
            service.addCounter("writ_trace_spans_dropped_total", help: "Spans that did not reach the collector.") {
                traces.droppedCount
            }
        }
        switch log.format {
        case .text: log.note(service.summary(memory).text)
        case .json: logger.info("Starting", metadata: service.summary(memory).metadata)
        }
        return (service, traces)
    }
}
