import ArgumentParser
import Foundation
import Logging
import ServiceFiles
import Telemetry
import TokenHTTP
import UnixSignals

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
        // Before memory holds a secret.
        let memory = MemoryProtection()
        RunningProcess.raiseOpenFileLimit()
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let options = ServiceConfiguration.Options(
            issuer: issuer, listen: listen, management: management, logLevel: logLevel)
        let configuration = try configurationOption.read(options, .service)
        // Text for a terminal, JSON for a log collector.
        let isTerminal = isatty(STDERR_FILENO) == 1
        let threshold = LogThreshold(Logger.Level(configuration.logLevel))
        let logger = Logger(label: "writ") { label in
            if isTerminal { return AdjustableLogHandler(StreamLogHandler.standardError(label: label), threshold) }
            return AdjustableLogHandler(JSONLogHandler.standardError, threshold)
        }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let traces = configuration.tracing.map { [logger] in TraceExport(to: $0, logger: logger) }
        let service = try TokenService(
            configuration, logger: logger, tracer: traces?.tracer, setLogLevel: { threshold.level = $0 })
        if let traces {
            service.addCounter("writ_trace_spans_dropped_total", help: "Spans that did not reach the collector.") {
                traces.droppedCount
            }
        }
        if isTerminal {
            Terminal.note(service.summary(memory).text)
        } else {
            logger.info("Starting", metadata: service.summary(memory).metadata)
        }
        do {
            try await service.run(hangups: hangups, companions: traces.map { [$0] } ?? [])
        } catch let error as ListenerError {
            throw Failure(error.description, hint: error.hint)
        }
    }
}
