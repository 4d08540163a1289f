import AccessToken
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import WireText

extension KeysFolder {
    /// Opens the file of a key for access tokens.
    func open(_ name: KeyFileName, _ passphrase: Passphrase?) throws -> LoadedKey {
        let file = path.appending(name.description)
        let contents = try KeyFile.contents(of: file, isSecret: name.content == .signing, access)
        return try key(name, contents, publicHalf: publicHalf(of: name), passphrase)
    }

    /// The contents of the file with the public half of a key that stays in another place; `nil` for any other key.
    private func publicHalf(of name: KeyFileName) throws -> SecretBytes? {
        guard let half = name.publicHalf else { return nil }
        let file = path.appending(half.description)
        do { return try KeyFile.contents(of: file, isSecret: false, access) } catch Errno.noSuchFileOrDirectory {
            throw KeyFileError.noPublicHalf
        } catch {
            throw UnusableFile(problem: KeyFile.problem(with: file, error))
        }
    }

    /// The key for access tokens in the contents of a file.
    ///
    /// - Parameter publicHalf: that of a key that stays in another place.
    func key(
        _ name: KeyFileName, _ contents: SecretBytes, publicHalf: SecretBytes?, _ passphrase: Passphrase?
    ) throws -> LoadedKey {
        switch name.content {
        case .remote:
            guard let publicHalf else { throw KeyFileError.noPublicHalf }
            let uri = try KeyURI(reading: contents)
            guard places.contains(uri.place) else { throw KeyFileError.notConfigured(uri.place) }
            let publicKey: PublicKey
            do throws(KeyError) {
                publicKey = try publicHalf.withBytes { (pem) throws(KeyError) in try PublicKey(pem: pem) }
            } catch {
                throw KeyFileError.unusablePublicHalf(error)
            }
            return try LoadedKey(name, .remote(uri), publicKey, configured: algorithm, profile)
        case .verifying:
            let publicKey = try contents.withBytes { (pem) throws(KeyError) in try PublicKey(pem: pem) }
            return try LoadedKey(name, .verifying, publicKey, configured: algorithm, profile)
        default:
            let privateKey = try PrivateKey(pem: contents, passphrase: passphrase)
            let publicKey = try privateKey.publicKey
            let key = try LoadedKey(name, .signing(privateKey), publicKey, configured: algorithm, profile)
            try Self.checkPair(privateKey, publicKey, algorithm: key.algorithm)
            return key
        }
    }

    /// Opens the file of a key for refresh tokens.
    func openSealing(_ name: KeyFileName) throws -> LoadedSealingKey {
        let contents = try KeyFile.contents(of: path.appending(name.description), isSecret: true, access)
        guard let key = try SealingKeyText.decode(contents) else { throw KeyFileError.noSealingKey }
        return LoadedSealingKey(name: name, key: try SealingKey(key))
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

    /// The problem that stands for an error in opening a file.
    func problem(with fileName: String, _ error: any Error) -> Problem {
        let file = path.appending(fileName)
        let place = Problem.Place.file(file.string, line: nil)
        switch error {
        case KeyError.encrypted:
            return Problem(
                place, KeyError.encrypted.description,
                hint: "keys_passphrase_file in writ.yaml names a file with the passphrase")
        case let error as KeyError: return Problem(place, error.description, hint: error.hint)
        case let error as UnusableFile: return error.problem
        case let error as InvalidValue: return Problem(place, "the name \(error)")
        default: return KeyFile.problem(with: file, error)
        }
    }
}

extension LoadedKey {
    /// - Parameters:
    ///   - configured: used if it accepts the key; otherwise the first algorithm of the profile that does is used.
    ///   - profile: says which algorithms there are.
    init(
        _ name: KeyFileName, _ material: Material, _ publicKey: PublicKey, configured: SignatureAlgorithm,
        _ profile: SecurityProfile
    ) throws {
        let usable = profile.algorithms.filter { $0.accepts(publicKey.type) }
        guard let first = usable.first else {
            if case .rsa(let bits) = publicKey.type { throw KeyFileError.tooSmall(bits: bits) }
            throw SignatureAlgorithm.offered.contains { $0.accepts(publicKey.type) }
                ? KeyFileError.forbidden(profile) : KeyFileError.unusable
        }
        let algorithm = usable.contains(configured) ? configured : first
        let keyID = try name.keyID ?? JWK(publicKey, keyID: nil, algorithm: nil).thumbprint()
        self.init(
            name: name, material: material, publicKey: publicKey, keyID: keyID, algorithm: algorithm,
            usableAlgorithms: usable)
    }
}

extension KeyURI {
    /// Reads the contents of a `.key-uri` file: one line.
    fileprivate init(reading contents: SecretBytes) throws {
        let octets = contents.withBytes { octets in octets.indices.map { octets[$0] } }
        guard let text = String(validating: octets, as: UTF8.self) else { throw KeyFileError.noURI(nil) }
        do throws(InvalidValue) { self = try KeyURI(Octets(text).withoutLineEnds.text) } catch {
            throw KeyFileError.noURI(error)
        }
    }
}
