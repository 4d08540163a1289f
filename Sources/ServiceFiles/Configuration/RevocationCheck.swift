package import AccessToken
package import OAuth
package import SystemPackage

/// Looks, after a command has revoked something, whether a running service takes that up.
package enum RevocationCheck {
    /// Checks that the clients file can be loaded, and that no entry in it has this identifier.
    ///
    /// - Throws: ``UnappliedRevocation`` otherwise.
    package static func checkRemoval(
        of id: ClientID, _ configuration: ServiceConfiguration
    ) throws(UnappliedRevocation) {
        try checkAbsence(of: id, configuration, "\(id) is removed", orElse: "still has an entry for it")
    }

    /// Checks that the clients files can be loaded, and that the client gets no tokens.
    ///
    /// - Throws: ``UnappliedRevocation`` otherwise.
    package static func checkDisabling(
        of id: ClientID, _ configuration: ServiceConfiguration
    ) throws(UnappliedRevocation) {
        try checkAbsence(
            of: id, configuration, "\(id) is disabled", orElse: "another entry with this identifier counts")
    }

    private static func checkAbsence(
        of id: ClientID, _ configuration: ServiceConfiguration, _ subject: String, orElse reason: String
    ) throws(UnappliedRevocation) {
        guard try clients(configuration, subject).clients.contains(where: { $0.id == id }) else { return }
        throw UnappliedRevocation(subject, "\(configuration.clientsPath): \(reason)")
    }

    /// Checks that the clients files can be loaded, and that each has its moments.
    ///
    /// - Throws: ``UnappliedRevocation`` otherwise.
    package static func checkMomentsOfAll(
        _ files: [(file: FilePath, notBefore: TokensNotBefore)], _ configuration: ServiceConfiguration
    ) throws(UnappliedRevocation) {
        let subject = "the tokens of all clients are revoked"
        let reading = try clients(configuration, subject)
        for (file, moments) in files where reading.notBefore(of: file) != moments {
            guard let problem = reading.problems.first else {
                throw UnappliedRevocation(subject, "\(file): has other moments")
            }
            throw UnappliedRevocation(subject, problem.description)
        }
    }

    /// Checks that the clients files can be loaded, and that a client has these moments.
    ///
    /// - Throws: ``UnappliedRevocation`` otherwise.
    package static func checkMoments(
        _ moments: TokensNotBefore, of id: ClientID, _ configuration: ServiceConfiguration
    ) throws(UnappliedRevocation) {
        let subject = "the tokens of \(id) are revoked"
        let reading = try clients(configuration, subject)
        let registered = reading.clients.filter { $0.id == id }.map(\.notBefore)
        // An entry that does not check is out at a start. A running service adds its moments to the last form.
        let out = reading.removed.filter { $0.id == id }.map { TokensNotBefore(accessTokens: $0.notBefore) }
        let present = (registered + out).reduce(TokensNotBefore()) { $0.union($1) }
        guard moments.accessTokens.moments.allSatisfy(present.accessTokens.moments.contains) else {
            throw UnappliedRevocation(subject, InvalidConfiguration(reading.problems).description)
        }
    }

    /// Checks that the clients file can be loaded, and that the client has this secret.
    ///
    /// - Throws: ``UnappliedRevocation`` otherwise.
    package static func checkSecret(
        _ hash: ClientSecretHash, of id: ClientID, _ configuration: ServiceConfiguration
    ) throws(UnappliedRevocation) {
        let subject = "\(id) has a new secret"
        let reading = try clients(configuration, subject)
        let client = (reading.clients + reading.disabled).first { $0.id == id }
        guard client?.secrets.contains(where: { $0.hash == hash }) == true else {
            throw UnappliedRevocation(subject, InvalidConfiguration(reading.problems).description)
        }
    }

    /// Checks that the keys folder can be loaded, that the key is not in it, and that a key signs or seals now.
    ///
    /// - Throws: ``UnappliedRevocation`` otherwise.
    package static func checkRetirement(
        of key: NamedKey, _ configuration: ServiceConfiguration, lifetimes: TokenLifetimes, now: NumericDate
    ) throws(UnappliedRevocation) {
        let subject = "\(key.name) is retired"
        let reading: KeysReading
        do throws(InvalidConfiguration) { reading = try configuration.keys.read() } catch {
            throw UnappliedRevocation(subject, error.description)
        }
        let keys = ScheduledKeys(reading, policy: configuration.policy, lifetimes: lifetimes, now: now)
        let keyIDs = keys.keys.map(\.key.keyID) + keys.sealing.map(\.key.key.keyID)
        guard !keyIDs.contains(key.keyID) else {
            throw UnappliedRevocation(subject, "\(configuration.keysFolder): still holds it")
        }
        // Without another key, a running service would keep the retired one in use.
        let isMissing =
            switch key.name.content {
            case .verifying: false
            case .signing, .remote: !keys.keys.contains { $0.state == .signing }
            case .sealing: !keys.sealing.contains { $0.state == .signing }
            }
        guard isMissing else { return }
        let missing = Problem(
            .file(configuration.keysFolder.string, line: nil),
            "holds no key that can take its place now", hint: "`writ keys list` shows the keys")
        throw UnappliedRevocation(subject, InvalidConfiguration([missing] + reading.problems).description)
    }

    private static func clients(
        _ configuration: ServiceConfiguration, _ subject: String
    ) throws(UnappliedRevocation) -> ClientsReading {
        do throws(InvalidConfiguration) {
            return try configuration.clients.read(context: configuration.clientsContext)
        } catch {
            throw UnappliedRevocation(subject, error.description)
        }
    }
}

/// A revocation that is written, and that a running service will not take up.
package struct UnappliedRevocation: Error, Sendable, Equatable, CustomStringConvertible {
    /// A human-readable description.
    package let description: String

    init(_ subject: String, _ reason: String) {
        description = "\(subject), but the service will not take it up: \(reason)"
    }

    /// What the operator can do about it.
    package var hint: String { "mend it, then `writ config check`; until then what was revoked stays in use" }
}
