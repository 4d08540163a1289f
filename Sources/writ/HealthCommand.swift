import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import RemoteKeys
import ServiceFiles

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Check the liveness or readiness of a running service.",
        discussion: """
            Sends a request for /healthz, or with --ready for /readyz, to the management listener: a probe for images \
            without a shell. Exits with 1 if the answer is not 200 or there is no answer.
            """)

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Check readiness (/readyz) instead of liveness (/healthz).")
    var ready = false

    func run() async throws {
        guard let address = try configurationOption.read().management else {
            throw Failure(
                "management is off, so there is no health check", hint: "management: 127.0.0.1:8081 in writ.yaml")
        }
        let url = "http://\(address.local)\(ready ? "/readyz" : "/healthz")"
        let (status, answer): (UInt, String)
        do {
            (status, answer) = try await Deadline.race(.seconds(5)) {
                let response = try await DocumentDownload.httpClient.execute(
                    HTTPClientRequest(url: url), deadline: .distantFuture)
                let body = try await response.body.collect(upTo: 1024)
                return (response.status.code, String(buffer: body))
            }
        } catch {
            throw Failure("no answer from \(url): \(error)", hint: "is the service running?")
        }
        guard status == 200 else { throw Failure("\(url) answers \(status)") }
        Terminal.print(answer.filter { !$0.isNewline })
    }
}
