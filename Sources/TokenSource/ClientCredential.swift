public import AccessToken
import JOSE
import Libcrypto
import NIOHTTP1
import RemoteKeys

/// How a client authenticates to the token endpoint, RFC 6749 section 2.3. Its description shows no secret.
///
/// Credentials in files are read for each request, so that a file that is replaced needs no restart.
public struct ClientCredential: Sendable, CustomStringConvertible, CustomReflectable {
    /// How a secret is sent, by its name in the registry of token endpoint authentication methods (RFC 7591 section 4.2).
    public enum SecretMethod: String, Sendable {
        /// In the field `Authorization`, RFC 6749 section 2.3.1. Every issuer that gives secrets accepts it.
        case clientSecretBasic = "client_secret_basic"
        /// In the form.
        case clientSecretPost = "client_secret_post"
    }

    private enum Kind: Sendable {
        case secret(ClientID, SecretBytes, SecretMethod)
        case secretFile(ClientID, CredentialFile, SecretMethod)
        case key(ClientID, ClientAssertionSigner)
        case keyFile(ClientID, CredentialFile, SignatureAlgorithm?, keyID: String?)
        case assertionFile(ClientID?, CredentialFile)
        case certificate(ClientID)
    }

    private let kind: Kind
    /// What the client shows in the TLS handshake; `nil` for nothing.
    private(set) var identity: ClientIdentity?

    private init(_ kind: Kind) {
        self.kind = kind
    }

    /// A secret that the issuer has given to the client.
    ///
    /// - Throws: ``TokenSourceError`` if the secret is empty.
    public static func secret(
        _ secret: String, of clientID: ClientID, method: SecretMethod = .clientSecretBasic
    ) throws(TokenSourceError) -> ClientCredential {
        guard !secret.isEmpty else {
            throw TokenSourceError(.unusableCredential, cause: CredentialFault("the secret is empty"))
        }
        var octets = Array(secret.utf8)
        do throws(LibcryptoError) {
            return ClientCredential(.secret(clientID, try SecretBytes(moving: &octets), method))
        } catch {
            throw TokenSourceError(.unusableCredential, cause: error)
        }
    }

    /// A file with such a secret: one line of at most 64 KiB.
    public static func secretFile(
        _ path: String, of clientID: ClientID, method: SecretMethod = .clientSecretBasic
    ) -> ClientCredential {
        ClientCredential(.secretFile(clientID, CredentialFile(path: path), method))
    }

    /// The client's own private key: `private_key_jwt`, RFC 7523 section 2.2. Each request has an assertion of its own. Its
    /// `aud` is the issuer, or the token endpoint if no issuer is named.
    ///
    /// - Parameters:
    ///   - pem: an unencrypted key of RSA, P-256, P-384 or Ed25519: PKCS#8, PKCS#1 or SEC 1.
    ///   - clientID: `iss` and `sub` of the assertions, and `client_id`.
    ///   - keyID: `kid`; `nil` for the RFC 7638 thumbprint.
    ///   - algorithm: `alg`, such as `PS256`; `nil` for that of the key, which is RS256 for RSA.
    /// - Throws: ``TokenSourceError`` if the key cannot be read, or cannot be used with the algorithm.
    public static func privateKey(
        pem: String, of clientID: ClientID, keyID: String? = nil, algorithm: String? = nil
    ) throws(TokenSourceError) -> ClientCredential {
        let algorithm = try SignatureAlgorithm.named(algorithm, for: "assertions")
        do {
            var octets = Array(pem.utf8)
            let key = try PrivateKey(pem: SecretBytes(moving: &octets))
            return .signer(try ClientAssertionSigner(key, algorithm: algorithm, keyID: keyID), of: clientID)
        } catch {
            throw TokenSourceError(.unusableCredential, cause: CredentialFault(ofKey: error))
        }
    }

    /// A file with such a key.
    ///
    /// - Throws: ``TokenSourceError`` if no assertion can be signed with the algorithm.
    public static func privateKeyFile(
        _ path: String, of clientID: ClientID, keyID: String? = nil, algorithm: String? = nil
    ) throws(TokenSourceError) -> ClientCredential {
        let algorithm = try SignatureAlgorithm.named(algorithm, for: "assertions")
        return ClientCredential(.keyFile(clientID, CredentialFile(path: path), algorithm, keyID: keyID))
    }

    /// A file with a token that the platform has issued to the program, RFC 7523 section 2.2: that of a Kubernetes service
    /// account, or the file that `AZURE_FEDERATED_TOKEN_FILE` names. The platform replaces it before it expires.
    ///
    /// - Parameters:
    ///   - path: of the file: one line of at most 64 KiB.
    ///   - clientID: `client_id` in the request; `nil` if the token alone names the client.
    public static func assertionFile(_ path: String, of clientID: ClientID? = nil) -> ClientCredential {
        ClientCredential(.assertionFile(clientID, CredentialFile(path: path)))
    }

    /// A certificate of the client: `tls_client_auth` or `self_signed_tls_client_auth`, RFC 8705 section 2. The form has the
    /// client identifier alone.
    ///
    /// - Parameters:
    ///   - path: of a file in PEM with the certificate, and those that lead from it to its authority.
    ///   - keyPath: of a file with its private key, unencrypted, in PEM.
    public static func certificateFile(
        _ path: String, privateKeyFile keyPath: String, of clientID: ClientID
    ) -> ClientCredential {
        ClientCredential(.certificate(clientID)).presenting(certificateFile: path, privateKeyFile: keyPath)
    }

    /// The same credential with a certificate beside it, for an issuer that binds tokens to the certificate of the connection
    /// (RFC 8705 section 3) and authenticates the client in another way.
    public func presenting(certificateFile path: String, privateKeyFile keyPath: String) -> ClientCredential {
        var credential = self
        credential.identity = ClientIdentity {
            let certificates = try CredentialFile.read(path, limit: CredentialFile.maximumSize)
            return (
                certificates.withBytes { octets in octets.indices.map { octets[$0] } },
                try CredentialFile.read(keyPath, limit: CredentialFile.maximumSize)
            )
        }
        return credential
    }

    /// A key that signs assertions.
    package static func signer(_ signer: ClientAssertionSigner, of clientID: ClientID) -> ClientCredential {
        ClientCredential(.key(clientID, signer))
    }

    /// The method, and the client if it is known.
    public var description: String {
        switch kind {
        case .secret(let id, _, let method), .secretFile(let id, _, let method):
            "\(method.rawValue) of the client \(id)"
        case .key(let id, _), .keyFile(let id, _, _, _): "private_key_jwt of the client \(id)"
        case .assertionFile(let id?, _): "an assertion of the client \(id) from a file"
        case .assertionFile(nil, _): "an assertion from a file"
        case .certificate(let id): "a certificate of the client \(id)"
        }
    }

    /// Shows what ``description`` does.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension ClientCredential {
    /// Adds the credential to a request.
    ///
    /// - Parameter audience: `aud` of an assertion that is made for the request.
    func authenticate(
        _ request: inout FormRequest, audience: String, now: NumericDate
    ) async throws(TokenSourceError) {
        switch kind {
        case .secret(let id, let secret, let method): request.add(secret, of: id, method)
        case .secretFile(let id, let file, let method):
            let secret = try await file.line()
            request.add(secret, of: id, method)
        case .key(let id, let signer):
            let assertion = try Self.assertion(of: id, signer, audience, now)
            request.add(assertion: assertion, of: id)
        case .keyFile(let id, let file, let algorithm, let keyID):
            let pem = try await file.contents()
            let signer: ClientAssertionSigner
            do {
                signer = try ClientAssertionSigner(try PrivateKey(pem: pem), algorithm: algorithm, keyID: keyID)
            } catch {
                let fault = CredentialFault(ofKey: error)
                throw TokenSourceError(
                    .unusableCredential, cause: CredentialFault(file.path, fault.description))
            }
            let assertion = try Self.assertion(of: id, signer, audience, now)
            request.add(assertion: assertion, of: id)
        case .assertionFile(let id, let file):
            let assertion = try await file.line()
            request.add(assertion: assertion, of: id)
        // RFC 8705 section 2: client_id says whose certificate that of the connection must be.
        case .certificate(let id): request.add("client_id", id.description)
        }
    }

    private static func assertion(
        of clientID: ClientID, _ signer: ClientAssertionSigner, _ audience: String, _ now: NumericDate
    ) throws(TokenSourceError) -> SecretBytes {
        do {
            var octets = Array(try signer.assertion(for: clientID, audience: audience, now: now).utf8)
            return try SecretBytes(moving: &octets)
        } catch {
            throw TokenSourceError(.unusableCredential, cause: CredentialFault(ofKey: error))
        }
    }
}

extension FormRequest {
    /// RFC 6749 section 2.3.1
    fileprivate mutating func add(_ secret: SecretBytes, of id: ClientID, _ method: ClientCredential.SecretMethod) {
        switch method {
        case .clientSecretBasic:
            headers.replaceOrAdd(name: "authorization", value: BasicAuthorization.field(id, secret))
        case .clientSecretPost:
            add("client_id", id.description)
            add("client_secret", secret)
        }
    }

    /// RFC 7523 section 2.2. RFC 7521 section 4.2: `client_id` is optional, and some issuers find the client by it.
    fileprivate mutating func add(assertion: SecretBytes, of id: ClientID?) {
        add("client_assertion_type", ClientAssertionSigner.assertionType)
        add("client_assertion", assertion)
        if let id { add("client_id", id.description) }
    }
}
