package import AccessToken
package import OAuth
import ServiceFiles

/// The state of a key of the folder, for metrics and the log.
package struct KeyStatus: Equatable {
    /// `kid`
    package let keyID: String
    /// The file's name.
    package let file: String
    /// `signing` for access tokens, `sealing` for refresh tokens.
    package let use: String
    /// The state at the time that the status was made for.
    package let state: KeySchedule.State
    /// When the state changes next, or `nil` if no change is known.
    package let nextChange: NumericDate?
}

extension Snapshot {
    /// All keys of the folder, with their states when the snapshot was made.
    var keyStates: [KeyStatus] {
        let signing = keys.map { key in
            KeyStatus(
                keyID: key.key.keyID, file: key.key.name.description, use: "signing", state: key.state,
                nextChange: Self.nextChange(
                    key.state, key.since, key.until,
                    successors: keys.filter { $0.key.algorithm == key.key.algorithm && $0.state == .next }.map(\.since))
            )
        }
        let sealing = sealingKeys.map { key in
            KeyStatus(
                keyID: key.key.named.keyID, file: key.key.name.description, use: "sealing", state: key.state,
                nextChange: Self.nextChange(
                    key.state, key.since, key.until,
                    successors: sealingKeys.filter { $0.state == .next }.map(\.since)))
        }
        return signing + sealing
    }

    /// All keys of the folder, with their states at `now`. Keys take over from each other even if no newer snapshot
    /// could be made.
    package func keyStates(at now: NumericDate) -> [KeyStatus] {
        let sealing = sealingKeys.last { $0.state != .expired && ($0.since ?? NumericDate(.min)) <= now }
        let current = ["signing": signingKey(at: now).keyID, "sealing": sealing?.key.named.keyID]
        let states = keyStates
        return states.map { key in
            if key.keyID == current[key.use] { return key.changed(to: .signing) }
            // Another key for the same use has taken over.
            let isOvertaken = key.state == .signing && states.contains { $0.keyID == current[key.use] }
            return isOvertaken ? key.changed(to: .published) : key
        }
    }

    private static func nextChange(
        _ state: KeySchedule.State, _ since: NumericDate?, _ until: NumericDate?, successors: [NumericDate?]
    ) -> NumericDate? {
        switch state {
        case .next: since
        case .signing: successors.compactMap { $0 }.min()
        case .published: until
        case .expired: nil
        }
    }
}

extension KeyStatus {
    fileprivate func changed(to state: KeySchedule.State) -> KeyStatus {
        // The next change was computed for the former state.
        state == self.state
            ? self : KeyStatus(keyID: keyID, file: file, use: use, state: state, nextChange: nil)
    }
}
