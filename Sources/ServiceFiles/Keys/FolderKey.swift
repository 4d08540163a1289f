package import AccessToken
package import JOSE
import Libcrypto
package import OAuth

/// A key of the folder with its state at a moment.
package struct FolderKey<Loaded: Sendable>: Sendable {
    /// The key that was read.
    package let key: Loaded
    /// Its state. For a refresh token key, ``KeySchedule/State/published`` means that it only opens tokens.
    package let state: KeySchedule.State
    /// When it begins to sign or seal; `nil` for a first key, which has no start time.
    package let since: NumericDate?
    /// When it stops being published, or stops opening tokens; `nil` as long as no key follows it.
    package let until: NumericDate?
}

extension FolderKey<LoadedKey> {
    /// The key as it is published. A key that no longer signs, or never signed here, has no `alg` if several algorithms
    /// accept it: the tokens of an RSA key may be RS256 or PS256, and those of an Ed25519 key EdDSA or Ed25519, whatever is
    /// configured now. A profile may leave one of them.
    package var jwk: JWK {
        let isPinned = state == .signing || state == .next || key.usableAlgorithms.count == 1
        return JWK(key.publicKey, keyID: key.keyID, algorithm: isPinned ? key.algorithm : nil)
    }
}

extension FolderKey<LoadedSealingKey> {
    /// `nil` for an expired key: no valid token needs it.
    package var scheduled: ScheduledSealingKey? {
        state == .expired ? nil : ScheduledSealingKey(key.key, start: since)
    }
}
