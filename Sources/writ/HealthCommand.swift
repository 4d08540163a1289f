import ArgumentParser
import AsyncHTTPClient
import RemoteKeys
import ServiceFiles
import WireText

struct HealthCommand: AsyncParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Check the liveness or readiness of a running service.",
        discussion: """
            Sends a request for /healthz, or with --ready for /readyz, to the management listener: a probe for images \
            without a shell. Exits with 1 if the answer is not 200 or there is no answer.
            """)

    static let examples = ["writ health --ready"]

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Check readiness (/readyz) instead of liveness (/healthz).")
    var ready = false

    func run() async throws {
        guard let address = try configurationOption.read().management else {
            throw Failure(
                "management is off, so there is no health check", hint: "management: 127.0.0.1:8081 in writ.yaml")
        }
        let url = "http://\(address.local)\(ready ? "/readyz" : "/healthz")"
        let answer: HTTPAnswer
        do throws(ConnectionFailure) {
            answer = try await OutgoingHTTP.writ().send(HTTPClientRequest(url: url), within: .seconds(5))
        } catch {
            throw Failure("no answer from \(url): \(error)", hint: "is the service running?")
        }
        guard answer.status == 200 else { throw Failure("\(url) answers \(answer.status)") }
        let text = String(decoding: answer.body.prefix(1024), as: UTF8.self)
        Terminal.print(VisibleText.line(text.filter { !$0.isNewline }))
    }
}
