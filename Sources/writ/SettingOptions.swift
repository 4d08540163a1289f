import ArgumentParser
import ServiceFiles

/// The options that override settings of the file and of the environment.
struct SettingOptions: ParsableArguments {
    @Option(help: "The issuer identifier.")
    var issuer: String?

    @Option(help: "The address that the service listens on.")
    var listen: String?

    @Option(help: "The address of the management listener, or off.")
    var management: String?

    @Option(help: "The lowest level that is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    var values: ServiceConfiguration.Options {
        ServiceConfiguration.Options(issuer: issuer, listen: listen, management: management, logLevel: logLevel)
    }
}
