package import AccessToken
import Libcrypto

/// The nonces that the service asks for in DPoP proofs, RFC 9449 section 8, without a record of any.
///
/// Each is a ``TimedNonce`` under a key that is derived from a sealing key. So it is good at every replica, and when another
/// sealing key has taken its turn. The MAC covers the issuer: a nonce of another service is not accepted, even if it has the
/// same keys.
package struct DPoPNonces: Sendable {
    private let turns: [ScheduledSealingKey]
    private let context: [UInt8]

    /// - Parameter turns: in the order in which the keys seal.
    package init(issuer: Issuer, turns: [ScheduledSealingKey]) {
        self.turns = turns
        context = Array("\(issuer)\n".utf8)
    }

    /// - Throws: ``SealingError/noKey`` if no key may seal yet.
    package func make(now: NumericDate) throws(SealingError) -> String {
        guard let key = turns.last(where: { $0.start <= now })?.key else { throw .noKey }
        do throws(LibcryptoError) {
            return try TimedNonce.make(now: now) { (time) throws(LibcryptoError) in
                try key.nonceCode(for: context + time)
            }
        } catch {
            throw .libcrypto(error)
        }
    }

    /// When a nonce was made; `nil` if it is none that is good here.
    func time(of nonce: String, now: NumericDate) throws(LibcryptoError) -> NumericDate? {
        try TimedNonce.time(of: nonce, now: now) { (time) throws(LibcryptoError) in
            var codes: [[UInt8]] = []
            for turn in turns { codes.append(try turn.key.nonceCode(for: context + time)) }
            return codes
        }
    }
}
