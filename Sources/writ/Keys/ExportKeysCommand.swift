import ArgumentParser
import JOSE
import Libcrypto
import OAuth
import ServiceFiles

extension KeysCommand {
    struct Export: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Print the public keys: the JWK Set that the service publishes.")

        static let examples = ["writ keys export > jwks.json", "writ keys export --pem"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print PEM instead, the signing key first.")
        var pem = false

        func run() throws {
            let keys = try configurationOption.read().scheduledKeys()
            guard pem else {
                return Terminal.print(String(decoding: keys.published.json(), as: UTF8.self))
            }
            let published = keys.keys.filter { $0.state != .expired }
            let signing = published.filter { $0.state == .signing }
            for scheduled in signing + published.filter({ $0.state != .signing }) {
                Terminal.print(try scheduled.key.publicKey.pem().trimmingSuffix("\n"))
            }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
