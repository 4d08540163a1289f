import AccessToken
import ArgumentParser
import Foundation
import JOSE
import RemoteKeys

extension TokenCommand {
    struct Request: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "request", abstract: "Get an access token by the client credentials grant.",
            discussion:
                "The secret comes from WRIT_CLIENT_SECRET, --secret-file or standard input; never from an argument.")

        @Option(help: "The issuer; its metadata says where the token endpoint is.")
        var issuer: String

        @Option(help: "The client identifier.")
        var clientID: String

        @Option(help: "The scope to ask for; else everything that the client may have.")
        var scope: String?

        @Option(help: "A resource that the token is for. May be repeated.")
        var resource: [String] = []

        @Option(help: "A file that holds the secret.")
        var secretFile: String?

        @Flag(help: "Print the whole answer.")
        var json = false

        func run() async throws {
            let issuer = try OptionValue.parse(issuer, "--issuer", Issuer.init)
            let secret = try secret()
            let client = TokenClient(issuer: issuer, http: KeySetFetcher.httpClient)
            let answer = try await client.requestToken(
                clientID: clientID, secret: secret, scope: scope, resources: resource)
            guard let token = answer["access_token"]?.string else { throw Failure("the answer holds no access_token") }
            guard json else { return Terminal.print(token) }
            var writer = JSONWriter()
            writer.value(.object(answer))
            Terminal.print(writer)
        }

        private func secret() throws -> String {
            if let secretFile {
                guard let text = try? String(contentsOfFile: secretFile, encoding: .utf8) else {
                    throw Failure("\(secretFile) cannot be read")
                }
                return text.trimmingCharacters(in: .newlines)
            }
            if let secret = ProcessInfo.processInfo.environment["WRIT_CLIENT_SECRET"] { return secret }
            return try Terminal.readInput(limit: 4096)
        }
    }
}
