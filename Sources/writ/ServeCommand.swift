import ArgumentParser
import Foundation
import Logging
import RemoteKeys
import ServiceFiles
import Telemetry
import TokenHTTP

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Run the service.")

    @OptionGroup var configurationOption: ConfigurationOption

    @Option(help: "The issuer identifier.")
    var issuer: String?

    @Option(help: "The address that the service listens on.")
    var listen: String?

    @Option(help: "The address of the management listener, or off.")
    var management: String?

    @Option(help: "The lowest level that is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

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
        // Before memory holds a secret.
        let memory = MemoryProtection()
        RunningProcess.raiseOpenFileLimit()
        let options = ServiceConfiguration.Options(
            issuer: issuer, listen: listen, management: management, logLevel: logLevel)
        let configuration = try configurationOption.read(options, .service)
        log.setLevel(Logger.Level(configuration.logLevel))
        let logger = log.logger
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let traces = configuration.tracing.map { [logger] in
            TraceExport(to: $0, through: .writ(), logger: logger)
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
        do {
            try await service.run(signals: signals, companions: traces.map { [$0] } ?? [])
        } catch let error as ListenerError {
            throw Failure(error.description, hint: error.hint)
        }
    }
}
