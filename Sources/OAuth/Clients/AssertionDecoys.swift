import JOSE
import Libcrypto

/// Public keys whose private keys are unknown. They are tried in place of the keys that a client does not have, so that
/// each refusal costs as many signature checks of each kind as the client of the registry that costs most.
struct AssertionDecoys: Sendable {
    /// The most keys of a client that are tried for one assertion.
    static let mostTrials = 4
    /// The most RSA exponents that there are decoys for. Clients have one, or two.
    private static let mostExponents = 8

    /// How many keys of one kind one client has at most that are tried for one assertion.
    private struct Count: Sendable {
        /// For an assertion with a `kid`.
        var named = 1
        /// For an assertion without a `kid`.
        var unnamed = 1

        mutating func cover(_ keys: [JWK]) {
            var names: [String: Int] = [:]
            for key in keys { names[key.keyID ?? "", default: 0] += 1 }
            named = min(AssertionDecoys.mostTrials, max(named, names.values.max() ?? 0))
            unnamed = min(AssertionDecoys.mostTrials, max(unnamed, keys.count))
        }
    }

    private let kinds: [(decoy: PublicKey, count: Count)]

    /// Makes keys of each kind that assertions are signed with, and of each size and exponent of RSA keys that a client
    /// has. Keys that have to be fetched are not known here.
    init(for clients: [Client]) throws(LibcryptoError) {
        var counts: [VerificationWork: Count] = [:]
        var examples: [PublicKey] = []
        for client in clients {
            guard case .fixed(let set) = client.keys else { continue }
            let works = set.keys.map { VerificationWork($0.publicKey) }
            // Most clients have one key of a kind that is known.
            if works.count == 1, counts[works[0]] != nil { continue }
            for work in Set(works) {
                let keys = zip(works, set.keys).filter { $0.0 == work }.map(\.1)
                if counts[work] == nil { examples.append(keys[0].publicKey) }
                counts[work, default: Count()].cover(keys)
            }
        }
        var exponents: Set<[UInt8]> = []
        examples.removeAll { key in
            let exponent = VerificationWork(key).exponent
            guard !exponent.isEmpty, !exponents.contains(exponent) else { return false }
            return exponents.count == Self.mostExponents || !exponents.insert(exponent).inserted
        }
        var kinds: [(decoy: PublicKey, count: Count)] = []
        for kind in Set(SignatureAlgorithm.offered.map(\.keyKind)) {
            do throws(KeyError) {
                for decoy in try kind.decoyKeys(like: examples) {
                    kinds.append((decoy, counts[VerificationWork(decoy)] ?? Count()))
                }
            } catch {
                guard case .libcrypto(let error) = error else { continue }
                throw error
            }
        }
        self.kinds = kinds
    }

    /// The decoys for one assertion: those that could have made a signature of this length. For a length that no client's
    /// key makes there are none.
    func trials(for jws: CompactJWS) -> Trials {
        var trials = Trials()
        for kind in kinds where jws.canBeSigned(by: kind.decoy) {
            let count = jws.header.keyID == nil ? kind.count.unnamed : kind.count.named
            let key = JWK(kind.decoy, keyID: nil, algorithm: nil)
            trials.decoys += [JWK](repeating: key, count: count)
        }
        return trials
    }

    /// The decoys that are left to try.
    struct Trials {
        fileprivate(set) var decoys: [JWK] = []

        /// A key of the client is tried in place of a decoy that takes the same work, if there is one.
        mutating func replaceDecoy(by key: PublicKey) {
            let work = VerificationWork(key)
            guard let index = decoys.lastIndex(where: { VerificationWork($0.publicKey) == work }) else { return }
            decoys.remove(at: index)
        }
    }
}
