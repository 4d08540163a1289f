import CPKCS11
import Libcrypto
import OAuth

/// Finds keys, and signs with them.
extension Token {
    /// The signature of a key over `message`, as JOSE writes it.
    func signature(
        of message: [UInt8], at uri: PKCS11URI, _ publicHalf: PublicKey, _ scheme: SignatureScheme
    ) throws(TokenFailure) -> [UInt8] {
        let mechanism = try mechanism(for: scheme)
        let data = try hashed(message, for: mechanism)
        return try withSession { (session) throws(TokenFailure) in
            let key = try key(at: uri, publicHalf, session)
            try cryptoki.beginSignature(mechanism, with: key.handle, in: session)
            if key.asksForPIN { try allowSignature(in: session) }
            return try cryptoki.signature(of: data, in: session)
        }
    }

    private func hashed(_ message: [UInt8], for mechanism: SignMechanism) throws(TokenFailure) -> [UInt8] {
        do throws(LibcryptoError) { return try mechanism.data(for: message) } catch {
            throw TokenFailure(RemoteKeyError(.unavailable, error.description))
        }
    }

    /// The mechanism that signs for a scheme.
    func mechanism(for scheme: SignatureScheme) throws(TokenFailure) -> SignMechanism {
        let known = try mechanisms()
        let candidates = SignMechanism.candidates(for: scheme)
        if let mechanism = candidates.first(where: { (known[$0.type] ?? 0) & CPKCS11_canSign != 0 }) {
            return mechanism
        }
        let names = candidates.map(\.name.description).joined(separator: " or ")
        throw TokenFailure(
            RemoteKeyError(
                .unsupported,
                names.isEmpty ? "PKCS#11 has no mechanism for this algorithm" : "the token does not sign with \(names)",
                hint: TokenFailure.otherAlgorithm))
    }

    // MARK: Finding

    /// The private key that the URI names, and if there are several, the one with this public half.
    private func key(at uri: PKCS11URI, _ publicHalf: PublicKey, _ session: UInt) throws(TokenFailure) -> TokenKey {
        let name = KeyName(uri: uri, publicHalf: publicHalf.components)
        if let known = knownKey(name) { return known }
        let handles = try privateKeys(at: uri, session)
        var unknown: [UInt] = []
        var others = 0
        var right: UInt?
        for handle in handles {
            guard let half = try cryptoki.publicHalf(of: handle, in: session) else {
                unknown.append(handle)
                continue
            }
            if half.components == publicHalf.components { right = right ?? handle } else { others += 1 }
        }
        // The signature shows whether a key without a public half is the one.
        if right == nil, others == 0, unknown.count == 1 { right = unknown[0] }
        guard let handle = right else {
            throw TokenFailure(
                unknown.isEmpty
                    ? RemoteKeyError(
                        .wrongKey, "the key of the token has another public half than the one that is pinned",
                        hint: "restore the key; or, if it was changed on purpose, pin it with `writ keys adopt`")
                    : RemoteKeyError(
                        .noSuchKey,
                        "the URI matches \(handles.count) keys, and the token does not have the public half of each",
                        hint: "name the key by its id"))
        }
        let asks = try cryptoki.attribute(CKA_ALWAYS_AUTHENTICATE, of: handle, in: session)
        let key = TokenKey(handle: handle, asksForPIN: asks.map { $0.contains { $0 != 0 } } ?? false)
        note(key, name)
        return key
    }

    /// The public half of the only key that the URI names.
    func publicHalf(at uri: PKCS11URI) throws(TokenFailure) -> PublicKey {
        try withSession { (session) throws(TokenFailure) in
            let handles = try privateKeys(at: uri, session)
            var halves: [PublicKey] = []
            for handle in handles {
                guard let half = try cryptoki.publicHalf(of: handle, in: session) else { continue }
                if !halves.contains(where: { $0.components == half.components }) { halves.append(half) }
            }
            guard handles.count == 1 || halves.count == 1 else {
                throw TokenFailure(
                    RemoteKeyError(
                        .noSuchKey, "the URI matches \(handles.count) keys",
                        hint: "name one of them by its label (object) and its id"))
            }
            guard let half = halves.first else {
                throw TokenFailure(
                    RemoteKeyError(
                        .unsupported, "the token has no public half of the key that Writ can use",
                        hint: "the public key object has to have the same CKA_ID; keys are RSA, P-256, P-384 or Ed25519"
                    ))
            }
            return half
        }
    }

    /// - Throws: if there is none.
    private func privateKeys(at uri: PKCS11URI, _ session: UInt) throws(TokenFailure) -> [UInt] {
        let handles = try cryptoki.objects(Self.template(CKO_PRIVATE_KEY, uri), in: session)
        guard handles.isEmpty else { return handles }
        throw TokenFailure(
            RemoteKeyError(.noSuchKey, "the token has no such key", hint: "check object and id of the URI"))
    }

    /// What finds the objects that a URI names.
    ///
    /// - Parameter kind: a `CKO_`.
    static func template(_ kind: UInt, _ uri: PKCS11URI) -> AttributeTemplate {
        var template = AttributeTemplate()
        template.add(CKA_CLASS, kind)
        if let label = uri[.object] { template.add(CKA_LABEL, label) }
        if let id = uri[.id] { template.add(CKA_ID, id) }
        return template
    }
}
