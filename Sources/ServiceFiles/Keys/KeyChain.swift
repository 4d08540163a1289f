import AccessToken
import Foundation
package import JOSE
package import OAuth
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
    /// The algorithms of keys that were read before. A file that is not among them is opened; if it does not check, it is
    /// skipped. `nil` if no file was read before: then a file that does not check is an error.
    private var known: [KeyFileName: SignatureAlgorithm]?

    init(folder: KeysFolder, purpose: Purpose) {
        self.folder = folder
        self.purpose = purpose
    }

    /// The same chain, which answers questions of schedule without opening these keys.
    package func knowing(_ keys: [LoadedKey]) -> KeyChain {
        var chain = self
        chain.known = Dictionary(keys.map { ($0.name, $0.algorithm) }) { first, _ in first }
        return chain
    }

    /// The files of the chain in the order in which their keys begin.
    func names() throws -> [KeyFileName] {
        let names = try folder.keyFileNames().sorted()
        guard case .signing(let algorithm) = purpose else { return names.filter { $0.content == .sealing } }
        let signing = names.filter(\.content.signs)
        guard let known else {
            return try keys().map(\.name)
        }
        let passphrase = signing.allSatisfy { known[$0] != nil } ? nil : try? folder.passphrase()
        return signing.filter { name in
            (known[name] ?? (try? folder.open(name, passphrase))?.algorithm) == algorithm
        }
    }

    /// Checks that a key can be added.
    ///
    /// - Throws: ``FileError`` if it cannot.
    package func checkWritable() throws { try folder.checkWritable() }

    /// The keys of a chain of signing keys, in the order in which they sign.
    ///
    /// - Throws: the problems of all files of signing keys.
    package func keys() throws(InvalidConfiguration) -> [LoadedKey] {
        guard case .signing(let algorithm) = purpose else { return [] }
        return try folder.load().signing(algorithm)
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
        KeysFolder(
            path, algorithm: algorithm, profile: profile, passphraseFile: passphraseFile, places: places, access: access
        ).signing
    }

    /// The keys that seal refresh tokens.
    package var sealing: KeyChain { KeyChain(folder: self, purpose: .sealing) }

    /// The chain of the key with this `kid`, and the key. Files that do not check hold nothing up.
    ///
    /// - Throws: ``KeyRotationError/noSuchKey`` if there is no such key.
    package func find(_ keyID: String) throws -> (chain: KeyChain, key: NamedKey) {
        let reading = try read()
        if let key = reading.sealing.first(where: { $0.key.keyID == keyID }) {
            return (sealing.knowing(reading.signing), key.named)
        }
        guard let key = reading.signing.first(where: { $0.keyID == keyID }) else { throw KeyRotationError.noSuchKey }
        let chain = KeyChain(folder: self, purpose: .signing(key.algorithm)).knowing(reading.signing)
        return (chain, NamedKey(key.name, keyID: keyID))
    }
}
