import Logging
import OAuth

/// A key whose state has changed, that was added, or that was removed.
struct KeyChange: Equatable {
    /// `nil` for a key that was added.
    let former: KeyStatus?
    /// `nil` for a key that was removed.
    let current: KeyStatus?

    static func changes(from former: Snapshot, to snapshot: Snapshot) -> [KeyChange] {
        changes(from: former.keyStates, to: snapshot.keyStates)
    }

    static func changes(from former: [KeyStatus], to current: [KeyStatus]) -> [KeyChange] {
        let changed = current.compactMap { key in
            let before = former.first { $0.keyID == key.keyID && $0.use == key.use }
            return before?.state == key.state ? nil : KeyChange(former: before, current: key)
        }
        let gone = former.filter { key in !current.contains { $0.keyID == key.keyID && $0.use == key.use } }
        return changed + gone.map { KeyChange(former: $0, current: nil) }
    }

    var metadata: Logger.Metadata {
        guard let key = current ?? former else { return [:] }
        return [
            "kid": "\(key.keyID)", "use": "\(key.use)", "file": "\(key.file)",
            "former_state": "\(former?.state.rawValue ?? "absent")", "state": "\(current?.state.rawValue ?? "absent")",
        ]
    }
}
