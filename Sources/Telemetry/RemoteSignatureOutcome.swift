import Logging
package import OAuth

/// What became of a signature with a key that stays in another place.
package struct RemoteSignatureOutcome: Sendable {
    package let place: KeyURI.Place
    /// `nil` if the signature was made.
    package let error: RemoteKeyError?
    /// From the request for the signature, with the wait for its turn.
    package let duration: Duration

    package init(place: KeyURI.Place, error: RemoteKeyError?, duration: Duration) {
        self.place = place
        self.error = error
        self.duration = duration
    }
}

/// Which places make signatures now: a line of the log tells when that changes, and not each failure.
///
/// An outage ends when a place has made signatures and none has failed for a second. Otherwise a place that makes only some of them
/// would fill the log, and so would signatures that were requested before the outage and come after it has begun.
struct RemotePlaces {
    /// A change that the log tells.
    struct Change: Equatable {
        let place: KeyURI.Place
        /// `nil` if the place makes signatures again.
        let error: RemoteKeyError?

        var level: Logger.Level { error == nil ? .info : .error }

        var message: Logger.Message {
            error.map { "No signature from \(place.name): \($0)" } ?? "Signatures come again from \(place.name)"
        }

        var metadata: Logger.Metadata {
            guard let error else { return ["place": "\(place.rawValue)"] }
            var metadata: Logger.Metadata = ["place": "\(place.rawValue)", "reason": "\(error.code.rawValue)"]
            if let hint = error.hint { metadata["hint"] = "\(hint)" }
            return metadata
        }
    }

    private struct Outage {
        /// What was logged.
        var errors: Set<RemoteKeyError> = []
        var lastFailure: ContinuousClock.Instant
        /// Whether a signature was made since.
        var signsAgain = false
    }

    /// How long no signature may have failed at the end of an outage.
    static let pause: Duration = .seconds(1)
    /// The most errors of one outage that are logged. Texts of a place may differ each time.
    static let mostErrors = 4

    private var outages: [KeyURI.Place: Outage] = [:]

    /// - Returns: `nil` for what was logged before. A place that has too much to do has not failed.
    mutating func note(_ outcome: RemoteSignatureOutcome, now: ContinuousClock.Instant = .now) -> Change? {
        let place = outcome.place
        guard let error = outcome.error else {
            outages[place]?.signsAgain = true
            return nil
        }
        guard error.code != .overloaded else { return nil }
        var outage = outages[place] ?? Outage(lastFailure: now)
        outage.lastFailure = now
        outage.signsAgain = false
        let isNew = outage.errors.count < Self.mostErrors && outage.errors.insert(error).inserted
        outages[place] = outage
        return isNew ? Change(place: place, error: error) : nil
    }

    /// The outages that have ended. Each is returned once.
    mutating func takeRecoveries(now: ContinuousClock.Instant = .now) -> [Change] {
        let recovered = outages.filter { $0.value.signsAgain && $0.value.lastFailure.duration(to: now) >= Self.pause }
        for place in recovered.keys { outages[place] = nil }
        return recovered.keys.map { Change(place: $0, error: nil) }
    }
}

extension KeyURI.Place {
    fileprivate var name: String {
        switch self {
        case .pkcs11: "the PKCS#11 token"
        case .vault: "Vault"
        }
    }
}
