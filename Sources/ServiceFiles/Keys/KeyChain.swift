import AccessToken
import Foundation
package import JOSE
import OAuth
import SystemPackage

/// A sequence of keys in one folder. The file names decide which key signs, which are published and which have expired.
package struct KeyChain: Sendable {
    /// What the keys are for.
    package enum Purpose: Sendable, Hashable {
        /// Access tokens, signed with this algorithm.
        case signing(SignatureAlgorithm)
        /// Refresh tokens, sealed with XAES-256-GCM.
        case sealing

        /// `alg`. For sealing keys it is the name by C2SP, since JOSE has none.
        package var algorithmName: String {
            switch self {
            case .signing(let algorithm): algorithm.name
            case .sealing: "XAES-256-GCM"
            }
        }
    }

    let folder: KeysFolder
    /// What the keys are for.
    package let purpose: Purpose

    /// The keys in the order in which they begin.
    func keys() throws -> [NamedKey] {
        switch purpose {
        case .signing(let algorithm):
            try folder.load().filter { $0.algorithm == algorithm && $0.name.content == .signing }
                .map { NamedKey($0.name, keyID: $0.keyID) }
        case .sealing: try folder.loadSealing().map(\.named)
        }
    }

    /// The same with public keys of another issuer, which are published as long as their files exist.
    func members() throws -> [NamedKey] {
        switch purpose {
        case .signing(let algorithm):
            try folder.load().filter { $0.algorithm == algorithm }.map { NamedKey($0.name, keyID: $0.keyID) }
        case .sealing: try keys()
        }
    }

    /// Whether the service needs one of these keys at all times.
    var isInUse: Bool { purpose == .signing(folder.algorithm) || purpose == .sealing }

    /// When a key begins. A first key has no start time; the time of its file is used, which is the same for all
    /// replicas.
    func start(of name: KeyFileName) throws -> NumericDate { try name.start ?? timeOfFile(name) }

    func timeOfFile(_ name: KeyFileName) throws -> NumericDate {
        NumericDate(Int64(try folder.path.appending(name.description).stat().st_mtim.tv_sec))
    }
}

extension KeysFolder {
    /// The keys that sign access tokens: those of the configured algorithm.
    package var signing: KeyChain { KeyChain(folder: self, purpose: .signing(algorithm)) }

    /// The keys that would sign access tokens if this algorithm were the configured one.
    package func signing(_ algorithm: SignatureAlgorithm) -> KeyChain {
        KeysFolder(path, algorithm: algorithm, passphraseFile: passphraseFile).signing
    }

    /// The keys that seal refresh tokens.
    package var sealing: KeyChain { KeyChain(folder: self, purpose: .sealing) }

    /// The chain of the key with this `kid`.
    ///
    /// - Throws: ``KeyRotationError/noSuchKey`` if there is no such key.
    package func chain(ofKey keyID: String) throws -> KeyChain {
        if try loadSealing().contains(where: { $0.key.keyID == keyID }) { return sealing }
        guard let key = try load().first(where: { $0.keyID == keyID }) else { throw KeyRotationError.noSuchKey }
        return KeyChain(folder: self, purpose: .signing(key.algorithm))
    }
}
