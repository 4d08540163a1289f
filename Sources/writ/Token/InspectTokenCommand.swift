import ArgumentParser
import JOSE
import WireText

extension TokenCommand {
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect", abstract: "Show the header and the claims of a token, without verifying it.")

        @Argument(help: "The token. Without it, standard input is read.")
        var token: String?

        func run() throws {
            let parts = Octets(try token ?? Terminal.readInput()).parts(between: ".")
            guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]) else {
                throw Failure("it is not a JWT")
            }
            var writer = JSONWriter()
            writer.object { object in
                object.member("header", .object(header))
                object.member("claims", .object(claims))
            }
            Terminal.print(writer)
            Terminal.note("The signature was not checked: `writ token verify` checks it.")
        }

        private static func object(_ part: Octets) -> JSONObject? {
            guard let octets = Base64URL.decode(part.text) else { return nil }
            return (try? JSONReader.read(octets))?.object
        }
    }
}
