import AccessToken
import ArgumentParser
import Foundation
import JOSE
import OAuth
import RemoteKeys
import ServiceFiles
import SystemPackage

extension TokenCommand {
    struct Request: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "request", abstract: "Request an access token with the client credentials grant.",
            discussion:
                """
                The secret is read from --secret-file, WRIT_CLIENT_SECRET or standard input, never from an argument. \
                With --private-key the client signs an assertion instead (RFC 7523).
                """)

        @Option(help: "The issuer. The token endpoint is that of its metadata.")
        var issuer: String

        @Option(help: "The client identifier.")
        var clientID: String

        @Option(help: "The scope to request. Without it, the whole scope of the client.")
        var scope: String?

        @Option(help: "A resource that the token is for. May be repeated.")
        var resource: [String] = []

        @Option(help: "A file that contains the secret.")
        var secretFile: String?

        @Option(help: ArgumentHelp("The client's private key, in PEM: private_key_jwt.", valueName: "file"))
        var privateKey: String?

        @Option(help: "The kid of the private key. Default: its RFC 7638 thumbprint.")
        var keyID: String?

        @Option(help: "The signature algorithm: \(SignatureAlgorithm.offeredNames("or")). Default: that of the key.")
        var algorithm: String?

        @Flag(help: "Print the whole answer.")
        var json = false

        func run() async throws {
            let issuer = try OptionValue.parse(issuer, "--issuer", Issuer.init)
            let clientID = try OptionValue.parse(clientID, "--client-id", ClientID.init)
            let proof = try privateKey.map { TokenClient.Proof.key(try signer(FilePath($0))) } ?? .secret(try secret())
            let client = TokenClient(issuer: issuer, http: .writ())
            let answer = try await client.requestToken(
                clientID: clientID, proof: proof, scope: scope, resources: resource)
            guard let token = answer["access_token"]?.string else { throw Failure("the answer holds no access_token") }
            guard json else { return Terminal.print(token) }
            var writer = JSONWriter()
            writer.value(.object(answer))
            Terminal.print(writer)
        }

        private func signer(_ path: FilePath) throws -> ClientAssertionSigner {
            let algorithm = try algorithm.map {
                try OptionValue.parse($0, "--algorithm", IssuancePolicy.algorithm(named:))
            }
            let key = try PrivateKeyFile.read(path)
            do { return try ClientAssertionSigner(key, algorithm: algorithm, keyID: keyID) } catch {
                throw Failure("the key in \(path) \(error)")
            }
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
