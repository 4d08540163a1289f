package import JOSE
import Libcrypto
package import SystemPackage

/// A file with the public keys of a client: a JWK Set, a single JWK or a public key in PEM.
package struct ClientKeysFile {
    /// The keys that can be used.
    package let keys: JWKSet
    /// What is skipped in the file, or unusual.
    package let warnings: [Problem]

    /// - Throws: ``InvalidConfiguration`` if the file cannot be read or parsed, or if it holds no key that can be used, or
    ///   a private key, which only the client may have.
    package init(_ path: FilePath) throws(InvalidConfiguration) {
        let place = Problem.Place.file(path.string, line: nil)
        let octets: [UInt8]
        do throws(UnusableFile) {
            octets = try PublicFile(path, .command(), limit: .keySet).contents(mayBePipe: true)
        } catch {
            throw InvalidConfiguration([error.problem])
        }
        let members = Self.pemBlocks(octets) > 0 ? [try Self.pem(octets, place)] : try Self.json(octets, place)
        let reading = ClientKeysReading(members)
        guard reading.problems.isEmpty else {
            throw InvalidConfiguration(reading.problems.map { Problem(place, $0, hint: Self.hint) })
        }
        keys = reading.keys
        warnings = reading.warnings.map { Problem(place, $0) }
    }

    private static func json(
        _ octets: [UInt8], _ place: Problem.Place
    ) throws(InvalidConfiguration) -> [JSONValue] {
        guard let object = (try? JSONReader.read(octets))?.object else {
            throw problem(place, "is neither a JWK Set nor a public key in PEM")
        }
        let members = object["keys"].map { $0.array ?? [] } ?? [.object(object)]
        guard !members.isEmpty else { throw problem(place, "holds no key") }
        return members
    }

    /// The key of a PEM file, as a JWK.
    private static func pem(_ octets: [UInt8], _ place: Problem.Place) throws(InvalidConfiguration) -> JSONValue {
        guard pemBlocks(octets) == 1 else {
            throw InvalidConfiguration([
                Problem(
                    place, "holds more than one PEM block",
                    hint: "one key belongs in such a file; a JWK Set may hold several")
            ])
        }
        do {
            let (key, algorithm) = try key(octets)
            let jwk = JWK(key, keyID: nil, algorithm: algorithm)
            var writer = JSONWriter()
            JWK(key, keyID: try jwk.thumbprint(), algorithm: algorithm).write(to: &writer)
            // It is checked as it will be in the clients file.
            return try JSONReader.read(writer.bytes)
        } catch {
            throw problem(place, "is not a usable public key: \(error)")
        }
    }

    /// - Returns: `alg` of a key that its PEM block restricts to one.
    private static func key(_ octets: [UInt8]) throws(KeyError) -> (PublicKey, SignatureAlgorithm?) {
        do throws(KeyError) { return (try PublicKey(pem: octets.span), nil) } catch {
            guard error == .restrictedToPSS else { throw error }
            return (try PublicKey(restrictedToPSS: octets.span, for: SignatureAlgorithm.ps256.scheme), .ps256)
        }
    }

    private static func pemBlocks(_ octets: [UInt8]) -> Int {
        let opening = Array("-----BEGIN ".utf8)
        guard octets.count > opening.count else { return 0 }
        return octets.indices.dropLast(opening.count).count { index in
            octets[index] == opening[0] && octets[index...].starts(with: opening)
        }
    }

    private static let hint = "openssl pkey -in key.pem -pubout makes such a file"

    private static func problem(_ place: Problem.Place, _ message: String) -> InvalidConfiguration {
        InvalidConfiguration([Problem(place, message, hint: hint)])
    }
}
