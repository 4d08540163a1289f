import AccessToken
import ArgumentParser
import JOSE
import WireText

extension TokenCommand {
    struct Inspect: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect", abstract: "Show the header and the claims of a token, without verifying it.",
            discussion: "On a terminal it is text for people, with times as dates; elsewhere it is JSON.")

        static let examples = ["writ token inspect < token.txt", "writ token inspect --json < token.txt"]

        @Argument(help: "The token. Without it, standard input is read.")
        var token: String?

        @Flag(help: "Print one JSON object, also on a terminal.")
        var json = false

        func run() throws {
            let parts = Octets(try token ?? Terminal.readToken()).parts(between: ".")
            guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]) else {
                throw Failure("it is not a JWT")
            }
            if json || !Terminal.isInteractive {
                var writer = JSONWriter()
                writer.object { object in
                    object.member("header", .object(header))
                    object.member("claims", .object(claims))
                }
                Terminal.print(writer)
            } else {
                Terminal.print(TokenText(header: header, claims: claims, now: .now).description)
            }
            Terminal.note("The signature was not checked: `writ token verify` checks it.")
        }

        private static func object(_ part: Octets) -> JSONObject? {
            guard let octets = Base64URL.decode(part.text) else { return nil }
            return (try? JSONReader.read(octets))?.object
        }
    }
}
