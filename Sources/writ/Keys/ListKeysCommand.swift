import ArgumentParser
import JOSE
import Libcrypto
import ServiceFiles

extension KeysCommand {
    struct List: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the keys and their states.")

        static let examples = ["writ keys list --json"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let rows = try configurationOption.read().scheduledKeys().rows
            guard json else {
                let head = ["KID", "ALG", "BITS", "STATE", "SINCE", "UNTIL", "FILE"]
                return Terminal.print(Terminal.table([head] + rows.map(\.cells)))
            }
            var writer = JSONWriter()
            writer.array { array in
                for row in rows { row.write(to: &array) }
            }
            Terminal.print(writer)
        }
    }
}

extension KeyType {
    var bits: Int {
        switch self {
        case .rsa(let bits): bits
        case .ellipticCurve(let curve): curve == .p521 ? 521 : curve.coordinateSize * 8
        case .ed25519: 256
        }
    }
}
