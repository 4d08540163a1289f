import AccessToken
import JOSE
import OAuth
import ServiceFiles

extension KeysCommand.Rotate {
    /// Prints nothing on standard output if anything fails, so that a pipe to the API server has nothing to replace.
    func rotateSecret(_ configuration: ServiceConfiguration, in delay: Duration) async throws {
        let text = try Terminal.readInput(limit: KeysSecret.maximumSize)
        var secret = try KeysSecret(reading: Array(text.utf8))
        let (folder, now) = (configuration.keysInSecret, NumericDate.now)
        func rotate(_ remote: RemoteKey?) throws -> [SecretRotation] {
            try secret.rotate(
                like: folder, in: delay, isForced: start.now, remote: remote,
                lifetimes: configuration.lifetimesOfClients, now: now)
        }
        let (isDue, keys) = try secret.nextSigningKey(like: folder, in: delay, isForced: start.now, now: now)
        let uri = isDue ? try KeyPlace.uri(place, after: keys) : nil
        let rotations =
            if let uri {
                try await KeyMaker(configuration, writesToFolder: false).withNewKey(
                    at: uri, for: configuration.algorithm, rotate)
            } else {
                try rotate(nil)
            }
        var writer = JSONWriter(reservingCapacity: text.utf8.count)
        writer.value(secret.json)
        Terminal.print(writer)
        for rotation in rotations { Self.note(rotation) }
    }

    private static func note(_ rotation: SecretRotation) {
        let verbs = rotation.purpose == .sealing ? ("seals", "sealed") : ("signs", "signed")
        if let key = rotation.new {
            let start = key.name.start.map { "from \($0.rfc3339)" } ?? "at once"
            Terminal.note("\(key.name) \(verbs.0) \(start), kid \(key.keyID).")
        }
        if let announced = rotation.announced, let start = announced.start {
            Terminal.note("\(announced) \(verbs.0) from \(start.rfc3339): no further key was made.")
        }
        for name in rotation.removed { Terminal.note("Removed \(name): no token that it \(verbs.1) can be valid.") }
    }
}
