import JOSE
import Libcrypto
package import SystemPackage

/// A file with the certificate of a client with `self_signed_tls_client_auth`, in PEM.
package struct ClientCertificateFile: Sendable {
    /// `jwks`: the key of the certificate, with the certificate in `x5c` (RFC 8705 section 2.2.2).
    let keySet: String

    /// - Throws: ``InvalidConfiguration`` if the file cannot be read, or is not one certificate with a usable key.
    package init(_ path: FilePath) throws(InvalidConfiguration) {
        let file = PublicFile(path, .command(), limit: .keySet)
        let octets: [UInt8]
        do throws(UnusableFile) { octets = try file.contents(mayBePipe: true) } catch {
            throw InvalidConfiguration([error.problem])
        }
        func problem(_ message: String, hint: String? = nil) -> InvalidConfiguration {
            InvalidConfiguration([file.unusable(message, hint: hint).problem])
        }
        let certificates: [Certificate]
        do throws(CertificateError) { certificates = try Certificate.readAll(pem: octets.span) } catch {
            throw problem(error.description, hint: "openssl x509 -in certificate -outform PEM makes such a file")
        }
        guard certificates.count == 1 else {
            throw problem(
                "holds more than one certificate", hint: "the client's own alone: no authority counts for it")
        }
        do throws(KeyError) {
            let key = JWK(try certificates[0].publicKey(), keyID: nil, algorithm: nil)
            keySet = Self.keySet(key, certificates[0])
        } catch {
            throw problem("its certificate has a key that cannot be used: \(error.description)")
        }
    }

    private static func keySet(_ key: JWK, _ certificate: Certificate) -> String {
        var writer = JSONWriter()
        key.write(to: &writer)
        let members = (try? JSONReader.read(writer.bytes))?.object?.members ?? []
        let chain = JSONObject.Member("x5c", .array([.string(Base64.encode(certificate.der))]))
        let set = JSONObject([.init("keys", .array([.object(JSONObject(members + [chain]))]))])
        var text = JSONWriter()
        text.value(.object(set))
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
