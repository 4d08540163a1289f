import AccessToken
import ArgumentParser
import JOSE
import Libcrypto
import OAuth
import TokenHTTP

extension KeysCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show each key and what it does now.")

        @OptionGroup var configurationOption: ConfigurationOption

        @Flag(help: "Print a JSON array.")
        var json = false

        func run() throws {
            let keys = try configurationOption.read().scheduledKeys().keys
            if json { printJSON(keys) } else { printTable(keys) }
        }

        private func printJSON(_ keys: [ScheduledKey]) {
            var writer = JSONWriter()
            writer.array { array in
                for scheduled in keys {
                    array.object { object in
                        object.member("kid", scheduled.key.keyID)
                        object.member("alg", scheduled.key.algorithm.name)
                        object.member("size", Int64(scheduled.key.publicKey.type.bits))
                        object.member("state", scheduled.state.rawValue)
                        object.member("since", scheduled.since.map { .string($0.rfc3339) } ?? .null)
                        object.member("until", scheduled.until.map { .string($0.rfc3339) } ?? .null)
                        object.member("file", scheduled.key.name.description)
                    }
                }
            }
            Terminal.print(writer)
        }

        private func printTable(_ keys: [ScheduledKey]) {
            let rows = keys.map { scheduled in
                [
                    scheduled.key.keyID, scheduled.key.algorithm.name, String(scheduled.key.publicKey.type.bits),
                    scheduled.state.rawValue, scheduled.since.map(\.rfc3339) ?? "-",
                    scheduled.until.map(\.rfc3339) ?? "-", scheduled.key.name.description,
                ]
            }
            Terminal.print(Terminal.table([["KID", "ALG", "BITS", "STATE", "SINCE", "UNTIL", "FILE"]] + rows))
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
