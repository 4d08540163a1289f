import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import RemoteKeys
import ServiceFiles

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a running service whether it is well.",
        discussion: """
            The answer of /healthz on the management listener, or with --ready that of /readyz: a probe for images \
            without a shell. Exits with 1 where it is not well, or does not answer.
            """)

    @OptionGroup var configurationOption: ConfigurationOption

    @Flag(help: "Ask whether it should get requests, instead of whether it lives.")
    var ready = false

    func run() async throws {
        guard let address = try configurationOption.read().management else {
            throw Failure(
                "management is off, and nothing else answers", hint: "management: 127.0.0.1:8081 in writ.yaml")
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
