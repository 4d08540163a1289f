import AccessToken
import JOSE
import Libcrypto
import OAuth
import ServiceFiles

/// A row of `keys list`: one key of the folder.
struct KeyRow {
    let kid: String
    let algorithm: String
    let bits: Int
    let state: KeySchedule.State
    let since: NumericDate?
    let until: NumericDate?
    let file: KeyFileName

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("kid", kid)
            object.member("alg", algorithm)
            object.member("size", Int64(bits))
            object.member("state", state.rawValue)
            object.member("since", since.map { .string($0.rfc3339) } ?? .null)
            object.member("until", until.map { .string($0.rfc3339) } ?? .null)
            object.member("file", file.description)
        }
    }

    var cells: [String] {
        [
            kid, algorithm, String(bits), state.rawValue, since.map(\.rfc3339) ?? "-", until.map(\.rfc3339) ?? "-",
            file.description,
        ]
    }
}

extension ScheduledKeys {
    /// The signing keys, then the sealing keys.
    var rows: [KeyRow] {
        keys.map {
            KeyRow(
                kid: $0.key.keyID, algorithm: $0.key.algorithm.name, bits: $0.key.publicKey.type.bits, state: $0.state,
                since: $0.since, until: $0.until, file: $0.key.name)
        }
            + sealing.map {
                KeyRow(
                    kid: $0.key.key.keyID, algorithm: KeyChain.Purpose.sealing.algorithmName,
                    bits: SealingKey.size * 8, state: $0.state, since: $0.since, until: $0.until, file: $0.key.name)
            }
    }
}
