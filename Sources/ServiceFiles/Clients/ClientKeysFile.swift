import Foundation
package import JOSE
import Libcrypto
package import SystemPackage

/// A file with the public keys of a client: a JWK Set, a single JWK or a public key in PEM.
package enum ClientKeysFile {
    /// - Throws: ``InvalidConfiguration`` if the file cannot be read or parsed, or if it holds a private key, which
    ///   only the client may have.
    package static func read(_ path: FilePath) throws(InvalidConfiguration) -> JWKSet {
        guard let data = FileManager.default.contents(atPath: path.string), data.count <= 256 * 1024 else {
            throw problem(path, "cannot be read, or is larger than 256 KiB")
        }
        let octets = Array(data)
        if octets.starts(with: Array("-----BEGIN".utf8)) { return try pem(octets, path) }
        guard let object = (try? JSONReader.read(octets))?.object else {
            throw problem(path, "is neither a JWK Set nor a public key in PEM")
        }
        let members = object["keys"].map { $0.array ?? [] } ?? [.object(object)]
        guard !members.isEmpty else { throw problem(path, "holds no key") }
        var keys: [JWK] = []
        for member in members {
            do throws(ClientKeyError) { keys.append(try ClientKeyError.key(member)) } catch {
                throw problem(path, "has a key that cannot be used: \(error)")
            }
        }
        return JWKSet(keys)
    }

    private static func pem(_ octets: [UInt8], _ path: FilePath) throws(InvalidConfiguration) -> JWKSet {
        do {
            let key = try PublicKey(pem: octets.span)
            let jwk = try ClientKeyError.checked(JWK(key, keyID: nil, algorithm: nil))
            return JWKSet([JWK(key, keyID: try jwk.thumbprint(), algorithm: nil)])
        } catch {
            throw problem(path, "is not a usable public key: \(error)")
        }
    }

    private static func problem(_ path: FilePath, _ message: String) -> InvalidConfiguration {
        InvalidConfiguration([
            Problem(.file(path.string, line: nil), message, hint: "openssl pkey -in key.pem -pubout makes such a file")
        ])
    }
}
