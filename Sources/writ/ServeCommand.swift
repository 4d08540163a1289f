import ArgumentParser
import Logging
import TokenHTTP
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Run the service.")

    @OptionGroup var configurationOption: ConfigurationOption

    @Option(help: "The issuer identifier.")
    var issuer: String?

    @Option(help: "Where the service listens.")
    var listen: String?

    @Option(help: "Where health answers; off for nowhere.")
    var management: String?

    @Option(help: "What is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let options = ServiceConfiguration.Options(
            issuer: issuer, listen: listen, management: management, logLevel: logLevel)
        let configuration = try configurationOption.read(options)
        var logger = Logger(label: "writ") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel
        try await TokenService(configuration, logger: logger).run(hangups: hangups)
    }
}
