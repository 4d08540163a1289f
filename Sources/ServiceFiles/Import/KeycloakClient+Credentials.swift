import AccessToken
import JOSE
import Libcrypto
import OAuth
import WireText

extension KeycloakClient {
    /// The credentials, by `clientAuthenticatorType`.
    func setCredentials(of draft: inout ClientDraft, now: NumericDate) {
        let kind = object.text("clientAuthenticatorType") ?? "client-secret"
        let setters: [(String, (inout ClientDraft) -> Void)] = [
            // Keycloak takes secrets by client_secret_basic and by client_secret_post, and so does Writ.
            ("client-secret", { setSecrets(of: &$0, now: now) }), ("client-jwt", setKeys), ("client-x509", setSubject),
        ]
        guard let set = setters.first(where: { $0.0.isSameText(as: kind) })?.1 else {
            return draft.refuse("it authenticates with \(kind)")
        }
        set(&draft)
    }

    /// The secret, and the one before it for as long as it is valid (the policy `secret-rotation`).
    private func setSecrets(of draft: inout ClientDraft, now: NumericDate) {
        guard let secret = object.text("secret") else { return draft.refuse("its secret is not in the export") }
        guard !Octets(secret).begins(with: "${") else {
            return draft.refuse("its secret is in a vault, not in the export")
        }
        draft.add(secret: secret, end: end("client.secret.expiration.time"), now: now)
        if let former = attributes.text("client.secret.rotated") {
            if ClientDraft.isMasked(former) {
                draft.lose("the secret before its present one: the export has stars in its place")
            } else {
                draft.add(secret: former, end: end("client.secret.rotated.expiration.time"), now: now)
            }
        }
        draft.requireSecret()
    }

    /// A time in seconds since 1970. Zero is none.
    private func end(_ name: String) -> NumericDate? {
        attributes.number(name).flatMap { $0 > 0 ? NumericDate($0) : nil }
    }

    /// For `client-jwt`: a URL, a JWK Set, a certificate or a public key.
    private func setKeys(of draft: inout ClientDraft) {
        draft.method = .privateKeyJWT
        if attributes.flag("use.jwks.url") == true, let url = attributes.text("jwks.url") {
            draft.keysURL = url
        } else if attributes.flag("use.jwks.string") == true, let text = attributes.text("jwks.string") {
            draft.keys = (try? JSONReader.read(Array(text.utf8)))?.object?["keys"]?.array
        } else if let text = attributes.text("jwt.credential.certificate") {
            draft.keys = Self.keyOfCertificate(text).map { [$0] }
        } else if let text = attributes.text("jwt.credential.public.key") {
            draft.keys = Self.key(text).map { [$0] }
        }
        if draft.keys == nil, draft.keysURL == nil { draft.refuse("its keys are not in the export, or cannot be read") }
    }

    /// The key of a certificate: base64 of its DER, or PEM.
    private static func keyOfCertificate(_ text: String) -> JSONValue? {
        guard let der = Base64.decode(Self.base64(text)), let certificate = try? Certificate(der: der.span),
            let key = try? certificate.publicKey()
        else { return nil }
        return jwk(key)
    }

    /// A public key: base64 of its SubjectPublicKeyInfo, or PEM.
    private static func key(_ text: String) -> JSONValue? {
        let body = Array(base64(text).utf8)
        // RFC 7468 section 2: lines of 64 characters.
        let lines = stride(from: 0, to: body.count, by: 64).map { start in
            String(decoding: body[start..<min(start + 64, body.count)], as: UTF8.self)
        }
        let pem = "-----BEGIN PUBLIC KEY-----\n\(lines.joined(separator: "\n"))\n-----END PUBLIC KEY-----\n"
        return (try? PublicKey(pem: Array(pem.utf8).span)).flatMap(jwk)
    }

    /// The base64 of PEM, without its lines with dashes and without line ends.
    private static func base64(_ text: String) -> String {
        Octets(text).parts(between: "\n").map(\.trimmed).filter { !$0.begins(with: "-----") }
            .map { $0.withoutLineEnds.text }.joined()
    }

    private static func jwk(_ key: PublicKey) -> JSONValue? {
        var writer = JSONWriter()
        JWK(key, keyID: nil, algorithm: nil).write(to: &writer)
        return try? JSONReader.read(writer.bytes)
    }

    /// For `client-x509`: the subject of the certificate, which Keycloak takes for a regular expression unless it is set
    /// otherwise.
    private func setSubject(of draft: inout ClientDraft) {
        draft.method = .tlsClientAuth
        guard let subject = attributes.text("x509.subjectdn") else {
            return draft.refuse("the subject of its certificate is not in the export")
        }
        let isExact = attributes.flag("x509.allow.regex.pattern.comparison") == false
        guard isExact || !subject.utf8.contains(where: Self.marksOfExpressions.contains) else {
            return draft.refuse("the subject of its certificate is a regular expression")
        }
        draft.subject = (.distinguishedName, subject)
    }

    private static let marksOfExpressions = Array("*?[](){}|^$\\".utf8)
}
