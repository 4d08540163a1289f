package import AccessToken
package import OAuth
package import ServiceFiles
import SystemPackage

/// Reads keys and clients, each apart from the other, and makes snapshots of them. It keeps what it has read, so that
/// what does not check keeps its last form, and so that a key that appears without an announcement is held back.
package struct SnapshotLoader: Sendable {
    /// The settings in force.
    private(set) var configuration: ServiceConfiguration
    private let timing: KeyTiming
    /// Whether `keys_rotation` will make a missing sealing key, so that its absence is no error.
    private let expectsSealingKey: Bool
    private var lifetime = RetainedLifetime()
    private var schedule: KeysInForce
    private var keys: KeysReading?
    private(set) var clients: LoadedClients?
    private var issuers: IssuersReading?
    /// Of the issuers and clients as they were last read.
    private var identities: IdentityRegistry?

    struct LoadedClients {
        let reading: ClientsReading
        let registry: ClientRegistry
    }

    /// - Parameters:
    ///   - configuration: names the files of keys and clients; no file is read yet.
    ///   - expectsSealingKey: whether `keys_rotation` will make a missing sealing key, so that its absence is no error.
    package init(
        _ configuration: ServiceConfiguration, timing: KeyTiming = .standard, expectsSealingKey: Bool = false
    ) {
        self.configuration = configuration
        self.timing = timing
        self.expectsSealingKey = expectsSealingKey
        schedule = KeysInForce(timing: timing)
    }

    /// Reads everything for the first time.
    ///
    /// - Parameter threadCount: how many threads parse a large clients file at once; `nil` for as many as there are
    ///   cores.
    /// - Throws: all problems with keys and clients at once, if one of them is a reason not to start: a file that cannot
    ///   be read at all, or no key that can sign. ``problems`` has the others.
    package mutating func load(now: NumericDate, threadCount: Int? = nil) throws(InvalidConfiguration) -> Snapshot {
        let (keyProblems, hasKeys) = readKeys(now: now)
        let (issuerProblems, hasIssuers) = readIssuers()
        let (clientProblems, hasClients) = readClients(threadCount: threadCount)
        var problems = keyProblems + issuerProblems + clientProblems
        var snapshot: Snapshot?
        if keys != nil {
            let made = makeSnapshot(now: now)
            // If the file of the signing key does not check, it is no news that no key can sign.
            if hasKeys { problems += made.problems }
            snapshot = made.problems.isEmpty ? made.snapshot : nil
        }
        guard hasKeys, hasIssuers, hasClients, let snapshot else { throw InvalidConfiguration(problems) }
        return snapshot
    }

    /// The clients as they were last read; `nil` if there are none.
    package var clientsReading: ClientsReading? { clients?.reading }

    /// The trusted issuers as they were last read; `nil` if their file could never be read.
    package var issuersReading: IssuersReading? { issuers }

    /// What is wrong with single keys, issuers and clients, which are out or keep their last form.
    package var problems: [Problem] {
        (keys?.problems ?? []) + (issuers?.problems ?? []) + (clients?.reading.problems ?? [])
    }

    /// What is wrong with one part.
    func problems(of part: StatePart) -> [Problem] {
        switch part {
        case .keys: keys?.problems ?? []
        case .issuers: issuers?.problems ?? []
        case .clients: clients?.reading.problems ?? []
        case .configuration, .tls: []
        }
    }

    /// How many entries of the clients file do not check.
    package var refusedClientCount: Int { clients?.reading.refusedCount ?? 0 }

    /// Takes over the settings that can change while the service runs.
    mutating func adopt(_ configuration: ServiceConfiguration) { self.configuration = configuration }

    /// Reads the keys folder. What does not check keeps its last form.
    ///
    /// - Parameter opensAll: whether to open also files that have not changed.
    /// - Returns: the problems, and whether the service can start with what was read.
    @discardableResult
    mutating func readKeys(opensAll: Bool = false, now: NumericDate) -> (problems: [Problem], isUsable: Bool) {
        do throws(InvalidConfiguration) {
            let reading = try configuration.keys.read(after: keys, opensAll: opensAll)
            keys = reading
            return (reading.problems, !reading.lacksKeyInForce(at: now))
        } catch {
            return (error.problems, false)
        }
    }

    /// Reads the file of trusted issuers. An entry that does not check keeps its last form; if the file cannot be read as a
    /// whole, all issuers stay as they are. Clients must be read again if ``issuerNames`` has changed.
    ///
    /// - Returns: the problems, and whether the service can start with what was read.
    @discardableResult
    mutating func readIssuers() -> (problems: [Problem], isUsable: Bool) {
        do throws(InvalidConfiguration) {
            let reading = try configuration.issuers.read(after: issuers)
            issuers = reading
            identities = nil
            return (reading.problems, true)
        } catch {
            return (error.problems, false)
        }
    }

    /// What clients name in their identities.
    var issuerNames: IssuerNames { (issuers ?? .empty).names }

    /// The files that issuers name.
    var issuerFiles: [FilePath] { (issuers ?? .empty).files }

    /// Reads the clients file, or the files of the folder. An entry that does not check keeps its last form, and so does a file
    /// of a folder; if the single file or the folder cannot be read, all clients stay as they are.
    ///
    /// - Returns: the problems, and whether the service can start with what was read.
    @discardableResult
    mutating func readClients(threadCount: Int? = nil) -> (problems: [Problem], isUsable: Bool) {
        do throws(InvalidConfiguration) {
            let reading = try configuration.clients.read(
                after: clients?.reading, clients?.registry, issuers: issuerNames,
                context: configuration.clientsContext, threadCount: threadCount)
            let registry: ClientRegistry
            do {
                registry = try ClientRegistry(
                    reading.clients, removed: reading.removed, disabled: reading.disabled, after: clients?.registry)
            } catch {
                throw InvalidConfiguration([Problem(.file(configuration.clientsPath.string, line: nil), "\(error)")])
            }
            clients = LoadedClients(reading: reading, registry: registry)
            identities = nil
            // A setting that does not check may be one that revokes.
            return (reading.problems, !reading.hasBrokenSettings || configuration.clients.isFolder)
        } catch {
            return (error.problems, false)
        }
    }

    /// Makes a snapshot of what was read last.
    ///
    /// - Returns: the problems that concern keys and clients together, such as that no key can sign now. `snapshot` is
    ///   `nil` if none can be made.
    mutating func makeSnapshot(now: NumericDate) -> (snapshot: Snapshot?, problems: [Problem]) {
        guard let keys else { return (nil, []) }
        let clients = clients?.reading.clients ?? []
        let lifetimes = configuration.lifetimes(of: clients)
        let purpose = KeyChain.Purpose.signing(configuration.algorithm)
        let retained = lifetimes.retaining(accessToken: lifetime.look(lifetimes[purpose], now: now))
        let mayRefresh = clients.contains { $0.grantTypes.contains(.refreshToken) }
        let need: KeysInForce.SealingNeed? =
            expectsSealingKey ? nil : mayRefresh ? .refreshTokens : configuration.dpopNonce ? .nonces : nil
        let problems = schedule.update(keys, of: configuration, lifetimes: retained, sealingNeed: need, now: now)
        guard let keys = schedule.current, let registry = self.clients?.registry else { return (nil, problems) }
        let identities =
            self.identities
            ?? IdentityRegistry((issuers ?? .empty).issuers, registry, of: configuration.issuer)
        self.identities = identities
        do {
            let snapshot = try Snapshot(
                configuration, registry, identities, keys, lifetimes: retained, timing: timing)
            return (snapshot, problems)
        } catch {
            return (nil, problems + [Problem(.file(configuration.keysFolder.string, line: nil), "\(error)")])
        }
    }
}
