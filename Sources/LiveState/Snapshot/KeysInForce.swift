import AccessToken
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

/// The keys with their states. If what is in the folder leaves no key that signs or seals now, the one that did stays.
struct KeysInForce: Sendable {
    /// Keys of which one signs.
    struct Keys: Sendable {
        fileprivate(set) var scheduled: ScheduledKeys
        /// The keys that signed earlier, the one that signs and those that will, in this order. Never empty.
        fileprivate(set) var signing: [ScheduledSigningKey]
    }

    /// What sealing keys are needed for. The raw value is what is wrong with a folder that has none.
    enum SealingNeed: String {
        case refreshTokens = "holds no key that can seal refresh tokens now, and there are clients with refresh_token"
        case nonces = "holds no sealing key that can be used now, and dpop.nonce is on"
    }

    /// `nil` until keys were found of which one signs.
    private(set) var current: Keys?
    private let timing: KeyTiming
    private var announcements: [KeyChain.Purpose: KeyAnnouncements] = [:]

    init(timing: KeyTiming) { self.timing = timing }

    /// Computes the states of the keys that were read.
    ///
    /// - Parameter sealingNeed: `nil` if no sealing key is needed.
    /// - Returns: the problems: if there are any, a former key stays.
    mutating func update(
        _ reading: KeysReading, of configuration: ServiceConfiguration, lifetimes: TokenLifetimes,
        sealingNeed: SealingNeed?,
        now: NumericDate
    ) -> [Problem] {
        var new = announcements
        let timing = timing
        let scheduled = ScheduledKeys(
            reading.signing, sealing: reading.sealing, policy: configuration.policy, lifetimes: lifetimes, now: now,
            timing: timing
        ) { purpose, keys, retention in
            new[purpose, default: KeyAnnouncements(announcement: timing.announcement)]
                .schedule(keys, now: now, retention: retention)
        }
        var problems: [Problem] = []
        var keys = Keys(scheduled: scheduled, signing: [])
        do throws(InvalidConfiguration) { keys.signing = try Self.signingKeys(of: scheduled, configuration) } catch {
            problems += error.problems
            guard let former = current?.keeping(reading, now: now) else { return problems }
            keys = Keys(scheduled: scheduled.with(keys: former.scheduled.keys), signing: former.signing)
            for purpose in new.keys where purpose != .sealing { new[purpose] = announcements[purpose] }
        }
        if let sealingNeed, !scheduled.sealing.contains(where: { $0.state == .signing }) {
            problems.append(Self.lacksSealing(scheduled, configuration, sealingNeed))
            keys.scheduled = keys.scheduled.with(sealing: current?.sealing(keeping: reading, now: now) ?? [])
            new[.sealing] = announcements[.sealing]
        }
        announcements = new
        current = keys
        return problems
    }

    private static func signingKeys(
        of keys: ScheduledKeys, _ configuration: ServiceConfiguration
    ) throws(InvalidConfiguration) -> [ScheduledSigningKey] {
        let place = Problem.Place.file(configuration.keysFolder.string, line: nil)
        let name = configuration.algorithm.name
        guard keys.keys.contains(where: { $0.state == .signing }) else {
            throw InvalidConfiguration([
                Problem(
                    place, "holds no key that can sign \(name) now",
                    hint: keys.keys.isEmpty
                        ? KeysFolder.hintWithoutKeys : "`writ keys generate --algorithm \(name)` makes one")
            ])
        }
        do throws(InvalidValue) { return try keys.signingKeys(configuration.policy) } catch {
            throw InvalidConfiguration([Problem(place, error.description)])
        }
    }

    private static func lacksSealing(
        _ keys: ScheduledKeys, _ configuration: ServiceConfiguration, _ need: SealingNeed
    ) -> Problem {
        Problem(
            .file(configuration.keysFolder.string, line: nil),
            need.rawValue,
            hint: "`writ keys rotate --sealing\(keys.sealing.isEmpty ? "" : " --now")` makes one")
    }
}

extension KeysInForce.Keys {
    /// The key that signs at `now`.
    func signingKey(at now: NumericDate) -> SigningKey {
        (signing.last { $0.start <= now } ?? signing[0]).key
    }

    /// These keys without those whose files are gone. The key that signs stays, for lack of another one.
    fileprivate func keeping(_ reading: KeysReading, now: NumericDate) -> KeysInForce.Keys {
        let signer = signingKey(at: now).keyID
        let known = Set(reading.signing.map(\.keyID)).union([signer])
        var kept = self
        kept.scheduled = scheduled.with(keys: scheduled.keys.filter { known.contains($0.key.keyID) })
        kept.signing.removeAll { !known.contains($0.key.keyID) }
        return kept
    }

    /// The same of the sealing keys.
    fileprivate func sealing(keeping reading: KeysReading, now: NumericDate) -> [FolderKey<LoadedSealingKey>] {
        let sealer = scheduled.sealing.last { $0.state != .expired && ($0.since ?? NumericDate(.min)) <= now }
        let known = Set((reading.sealing + (sealer.map { [$0.key] } ?? [])).map(\.key.keyID))
        return scheduled.sealing.filter { known.contains($0.key.key.keyID) }
    }
}
