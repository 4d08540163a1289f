import AccessToken
import Foundation
package import JOSE
package import Libcrypto
import OAuth
package import SystemPackage

/// The keys folder. The names of its files decide which key signs and which keys are published.
package struct KeysFolder: Sendable {
    /// `keys`
    package let path: FilePath
    /// `access_token.algorithm`: the algorithm of a key that several algorithms accept.
    let algorithm: SignatureAlgorithm
    /// `keys_passphrase_file`: decrypts encrypted keys, and encrypts new ones.
    let passphraseFile: FilePath?

    /// Nothing is read from the folder yet.
    ///
    /// - Parameters:
    ///   - algorithm: `access_token.algorithm`.
    ///   - passphraseFile: `keys_passphrase_file`.
    package init(_ path: FilePath, algorithm: SignatureAlgorithm, passphraseFile: FilePath? = nil) {
        self.path = path
        self.algorithm = algorithm
        self.passphraseFile = passphraseFile
    }

    /// The keys for access tokens, in the order in which they sign.
    ///
    /// - Throws: the problems of all files at once.
    package func load() throws(InvalidConfiguration) -> [LoadedKey] {
        var problems: [Problem] = []
        var keys: [LoadedKey] = []
        let passphrase = try passphrase()
        for fileName in try fileNames() {
            let place = Problem.Place.file(path.appending(fileName).string, line: nil)
            do {
                guard let name = try KeyFileName(fileName), name.content != .sealing else { continue }
                let key = try read(name, passphrase)
                if let other = keys.first(where: { $0.keyID == key.keyID }) {
                    problems.append(Problem(place, "is the same key as \(other.name), or has its kid"))
                } else {
                    keys.append(key)
                }
            } catch {
                problems.append(problem(with: fileName, error))
            }
        }
        for chain in Dictionary(grouping: keys.filter { $0.name.content == .signing }, by: \.algorithm).values {
            problems += untimedTwice(chain.map(\.name))
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return keys.sorted { $0.name < $1.name }
    }

    /// The problem that stands for an error in reading a file.
    func problem(with fileName: String, _ error: any Error) -> Problem {
        let file = path.appending(fileName)
        let (message, hint): (String, String?) =
            switch error {
            case let error as KeyFileError: (error.description, error.hint(for: file))
            case KeyError.encrypted:
                (
                    KeyError.encrypted.description,
                    "keys_passphrase_file in writ.yaml names a file with the passphrase"
                )
            case let error as KeyError: (error.description, nil)
            case let error as InvalidValue: ("the name \(error)", nil)
            default: ("cannot be read: \(SystemReason(error))", nil)
            }
        return Problem(.file(file.string, line: nil), message, hint: hint)
    }

    /// The problems of a chain in which several keys have no start time: it is unknown which is newer.
    func untimedTwice(_ names: [KeyFileName]) -> [Problem] {
        let untimed = names.filter { $0.start == nil }
        return untimed.dropFirst().map { name in
            Problem(
                .file(path.appending(name.description).string, line: nil),
                "has no time in its name, and neither has \(untimed[0]): it is not clear which is in use",
                hint: "begin the name of the newer with the UTC time from which it is used: 20261123T093000Z-")
        }
    }

    /// The names of all files, sorted.
    func fileNames() throws(InvalidConfiguration) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path.string).sorted()
        } catch {
            let reason = exists ? "cannot be read: \(SystemReason(error))" : "there is no such folder"
            throw InvalidConfiguration([
                Problem(.file(path.string, line: nil), reason, hint: exists ? nil : Self.hintWithoutKeys)
            ])
        }
    }

    /// The condition is part of the hint: if other keys are in use, no verifier has the first key of this folder
    /// cached.
    package static let hintWithoutKeys = "if there never were keys, `writ keys generate` makes the first"

    /// The passphrase without the line break at its end; `nil` if none is configured.
    package func passphrase() throws(InvalidConfiguration) -> Passphrase? {
        guard let passphraseFile else { return nil }
        do {
            return try Passphrase(try KeyFile.contents(of: passphraseFile, isSecret: true).droppingLineBreak())
        } catch KeyError.unusablePassphrase {
            throw InvalidConfiguration([
                Problem(
                    .file(passphraseFile.string, line: nil),
                    "is not a passphrase of 1 to \(Passphrase.maximumSize) octets")
            ])
        } catch let error as KeyFileError {
            throw InvalidConfiguration([
                Problem(
                    .file(passphraseFile.string, line: nil), error.description, hint: error.hint(for: passphraseFile))
            ])
        } catch {
            throw InvalidConfiguration([
                Problem(.file(passphraseFile.string, line: nil), "keys_passphrase_file cannot be read: \(error)")
            ])
        }
    }

    private func read(_ name: KeyFileName, _ passphrase: Passphrase?) throws -> LoadedKey {
        let file = path.appending(name.description)
        let contents = try KeyFile.contents(of: file, isSecret: name.content == .signing)
        switch name.content {
        case .verifying:
            let publicKey = try contents.withBytes { (pem) throws(KeyError) in try PublicKey(pem: pem) }
            return try LoadedKey(name, .verifying, publicKey, configured: algorithm)
        default:
            let privateKey = try PrivateKey(pem: contents, passphrase: passphrase)
            let publicKey = try privateKey.publicKey
            let key = try LoadedKey(name, .signing(privateKey), publicKey, configured: algorithm)
            try Self.checkPair(privateKey, publicKey, algorithm: key.algorithm)
            return key
        }
    }

    /// A damaged key file can hold halves that do not belong together. No verifier would accept its tokens.
    private static func checkPair(
        _ privateKey: PrivateKey, _ publicKey: PublicKey, algorithm: SignatureAlgorithm
    ) throws {
        let probe: [UInt8] = Array("Writ".utf8)
        let signature = try SigningContext(key: privateKey, scheme: algorithm.scheme).sign(probe.span)
        guard try publicKey.isValid(signature.span, for: probe.span, scheme: algorithm.scheme) else {
            throw KeyFileError.mismatchedHalves
        }
    }
}

extension LoadedKey {
    /// - Parameter configured: used if it accepts the key; otherwise the first algorithm of the table that does is
    ///   used.
    init(
        _ name: KeyFileName, _ material: Material, _ publicKey: PublicKey, configured: SignatureAlgorithm
    ) throws {
        let candidates = [configured] + SignatureAlgorithm.offered
        guard let algorithm = candidates.first(where: { $0.accepts(publicKey.type) }) else {
            if case .rsa(let bits) = publicKey.type { throw KeyFileError.tooSmall(bits: bits) }
            throw KeyFileError.unusable
        }
        let keyID = try name.keyID ?? JWK(publicKey, keyID: nil, algorithm: nil).thumbprint()
        self.init(name: name, material: material, publicKey: publicKey, keyID: keyID, algorithm: algorithm)
    }
}
