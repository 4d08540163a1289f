import AccessToken
import ArgumentParser
import Foundation
import JOSE
import OAuth
import ServiceFiles
import TokenHTTP
import WireText

extension IssuersCommand {
    struct TestToken: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Say which client the token of a platform is of, or why it is of none.",
            discussion: """
                The token is read from standard input, and checked as the token endpoint would, with the files as they are and \
                with keys that are fetched now, in each way that a request may have it: as client_assertion (jwt-bearer, \
                jwt-spiffe), and as the assertion of the grant jwt-bearer. Whether a token for single use was used before is \
                not known here. Nothing of the token is shown unless its signature is verified.
                """)

        static let examples = ["writ issuers test < token.jwt"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Option(help: ArgumentHelp("A file with the token, in place of standard input.", valueName: "file"))
        var tokenFile: String?

        @Option(help: "The client_id that the request would have. Without it, the token alone says which client it is.")
        var clientID: String?

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            let client = try clientID.map(ClientsCommand.id)
            let test = try prepare()
            let token = try Self.token(tokenFile)
            do throws(IdentityTest.Refusal) {
                show(try await test.run(token, client: client, now: .now))
            } catch {
                let explanation = error.explanation
                throw Failure(
                    "\(explanation.message) (\(error.cause.rawValue))", details: explanation.details.map { "  \($0)" },
                    hint: explanation.hint)
            }
        }

        /// What does not wait, in a function of its own: the optimizer of Swift 6.3.1 crashes if ``run()`` has it too.
        private func prepare() throws -> IdentityTest {
            let test = try IdentityTest(configurationOption.read())
            test.problems.forEach(Terminal.warn)
            return test
        }

        private func show(_ match: IdentityTest.Match) {
            let (id, identity) = (match.client.id.description, match.identity)
            guard json else {
                let rows =
                    [
                        ["client_id", id], ["issuer", identity.issuer], ["subject", identity.subject ?? "-"],
                        ["identity", identity.rule ?? "-"],
                    ]
                    + match.accepted.map { ["accepted as", $0.name] }
                    + match.refused.map { ["refused as", "\($0.way.name) (\($0.cause.rawValue))"] }
                return Terminal.print(Terminal.table(rows))
            }
            var writer = JSONWriter()
            writer.object { object in
                object.member("client_id", id)
                object.member("issuer", identity.issuer)
                if let subject = identity.subject { object.member("subject", subject) }
                if let rule = identity.rule { object.member("identity", rule) }
                object.member("accepted_as", match.accepted.map(\.name))
                let refused = match.refused.map { JSONObject.Member($0.way.name, .string($0.cause.rawValue)) }
                object.member("refused_as", .object(JSONObject(refused)))
            }
            Terminal.print(writer)
        }

        private static func token(_ file: String?) throws -> String {
            guard let file else { return try Terminal.readToken() }
            guard let data = FileManager.default.contents(atPath: file), data.count <= 64 * 1024,
                let text = String(validating: data, as: UTF8.self)
            else { throw Failure("\(file) cannot be read, is not UTF-8, or is larger than 64 KiB") }
            return Octets(text).withoutLineEnds.text
        }
    }
}
