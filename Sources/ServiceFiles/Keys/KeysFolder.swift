import Foundation
package import JOSE
package import Libcrypto
package import OAuth
package import SystemPackage

/// The keys folder. The names of its files decide which key signs and which keys are published.
package struct KeysFolder: Sendable {
    /// `keys`
    package let path: FilePath
    /// `access_token.algorithm`: the algorithm of a key that several algorithms accept.
    package let algorithm: SignatureAlgorithm
    /// `profile`: a key is only for algorithms that it allows.
    let profile: SecurityProfile
    /// `keys_passphrase_file`: decrypts encrypted keys, and encrypts new ones.
    let passphraseFile: FilePath?
    /// The places outside of the folder that the settings say how to reach. A key in another one cannot be used.
    let places: Set<KeyURI.Place>
    let access: FileAccess

    /// Nothing is read from the folder yet.
    ///
    /// - Parameters:
    ///   - algorithm: `access_token.algorithm`.
    ///   - profile: `profile`.
    ///   - passphraseFile: `keys_passphrase_file`.
    ///   - places: those of `pkcs11` and `vault`.
    package init(
        _ path: FilePath, algorithm: SignatureAlgorithm, profile: SecurityProfile = .standard,
        passphraseFile: FilePath? = nil, places: Set<KeyURI.Place> = [], access: FileAccess = .command()
    ) {
        self.places = places
        self.profile = profile
        self.path = path
        self.algorithm = algorithm
        self.passphraseFile = passphraseFile
        self.access = access
    }

    /// The keys for access tokens, in the order in which they sign.
    ///
    /// - Throws: the problems of all their files at once.
    package func load() throws(InvalidConfiguration) -> [LoadedKey] {
        let reading = try read()
        guard reading.signingProblems.isEmpty else { throw InvalidConfiguration(reading.signingProblems) }
        return reading.signing
    }

    /// The keys for refresh tokens, in the order in which they begin.
    ///
    /// - Throws: the problems of all their files at once. Malformed file names are reported by ``load()``.
    package func loadSealing() throws(InvalidConfiguration) -> [LoadedSealingKey] {
        let reading = try read(only: .sealing)
        guard reading.sealingProblems.isEmpty else { throw InvalidConfiguration(reading.sealingProblems) }
        return reading.sealing
    }

    /// The names of all files, sorted.
    ///
    /// - Throws: also if other users can change what is in the folder.
    func fileNames() throws(InvalidConfiguration) -> [String] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path.string).sorted()
            try TrustedFile.checkFolder(path, access)
        } catch let error as UntrustedFile {
            throw InvalidConfiguration([error.problem])
        } catch {
            let missing = Problem(
                .file(path.string, line: nil), "there is no such folder", hint: Self.hintWithoutKeys)
            throw InvalidConfiguration([exists ? Problem(unreadable: path, error) : missing])
        }
        return names
    }

    /// The names of the key files, sorted. A file with a malformed name is skipped, and one with the public half of a key that
    /// stays in another place is part of that key.
    func keyFileNames() throws(InvalidConfiguration) -> [KeyFileName] {
        try fileNames().compactMap { try? KeyFileName($0) }.withoutPublicHalves
    }

    /// The condition is part of the hint: if other keys are in use, no verifier has the first key of this folder
    /// cached.
    package static let hintWithoutKeys = "if there never were keys, `writ keys generate` makes the first"

    /// The passphrase without the line break at its end; `nil` if none is configured.
    package func passphrase() throws(InvalidConfiguration) -> Passphrase? {
        guard let passphraseFile else { return nil }
        let place = Problem.Place.file(passphraseFile.string, line: nil)
        do {
            let octets = try KeyFile.contents(of: passphraseFile, isSecret: true, access).droppingLineBreak()
            guard octets.withBytes({ !$0.hasLineBreak && !$0.hasByteOrderMark }) else {
                throw InvalidConfiguration([
                    Problem(
                        place, "holds a line break or a byte order mark beside the passphrase",
                        hint: "a passphrase is one line that ends in LF or CR LF, or in nothing")
                ])
            }
            return try Passphrase(octets)
        } catch let error as InvalidConfiguration {
            throw error
        } catch KeyError.unusablePassphrase {
            throw InvalidConfiguration([
                Problem(place, "is not a passphrase of 1 to \(Passphrase.maximumSize) octets")
            ])
        } catch {
            throw InvalidConfiguration([KeyFile.problem(with: passphraseFile, error)])
        }
    }
}
