import CPKCS11
import JOSE
import Libcrypto
import OAuth

/// Makes keys, and removes those that were never used.
extension Token {
    /// Makes a key that cannot leave the token.
    ///
    /// - Parameter label: of the key, which need not be unique: its identifier is.
    func makeKey(_ algorithm: SignatureAlgorithm, label: [UInt8]) throws(TokenFailure) -> RemoteKey {
        _ = try mechanism(for: algorithm.scheme)
        let kind = try kind(of: algorithm)
        guard (try mechanisms()[kind.mechanism] ?? 0) & CPKCS11_canGenerateKeyPair != 0 else {
            throw TokenFailure(
                RemoteKeyError(
                    .unsupported, "the token does not make keys with \(kind.name)", hint: TokenFailure.adoption))
        }
        let id = try newID()
        return try withWritingSession { (session) throws(TokenFailure) in
            let keys = try generate(kind, label, id, session)
            do throws(TokenFailure) {
                guard let publicHalf = try cryptoki.publicKey(in: keys.publicHalf, session) else {
                    throw TokenFailure(
                        RemoteKeyError(.unsupported, "the token does not reveal the public half of the new key"))
                }
                let uri = PKCS11URI([
                    .token: identity.label, .serial: identity.serial, .object: label, .id: id,
                ])
                return RemoteKey(.pkcs11(uri), publicHalf)
            } catch {
                for object in [keys.privateHalf, keys.publicHalf] { try? cryptoki.destroy(object, in: session) }
                throw error
            }
        }
    }

    /// Removes both halves of a key, if its URI names it alone.
    func discard(_ uri: PKCS11URI, _ publicHalf: PublicKey) throws(TokenFailure) {
        guard uri[.id] != nil else { return }
        try withWritingSession { (session) throws(TokenFailure) in
            let privateHalves = try cryptoki.objects(Self.template(CKO_PRIVATE_KEY, uri), in: session)
            guard let key = privateHalves.first, privateHalves.count == 1,
                try cryptoki.publicHalf(of: key, in: session)?.components == publicHalf.components
            else { return }
            for object in try cryptoki.objects(Self.template(CKO_PUBLIC_KEY, uri), in: session) {
                try cryptoki.destroy(object, in: session)
            }
            try cryptoki.destroy(key, in: session)
        }
        forgetKeys()
    }

    // MARK: Kinds

    private struct NewKeyKind {
        let mechanism: UInt
        let name: StaticString
        /// The kind of key: a `CKK_`.
        let type: UInt
        /// Alternatives, of which the token takes one.
        let parameters: [[(type: UInt, value: [UInt8])]]
    }

    private func kind(of algorithm: SignatureAlgorithm) throws(TokenFailure) -> NewKeyKind {
        func curve(_ parameters: [UInt8]) -> [(type: UInt, value: [UInt8])] { [(CKA_EC_PARAMS, parameters)] }
        switch algorithm.keyKind {
        case .rsa:
            var bits = AttributeTemplate()
            bits.add(CKA_MODULUS_BITS, 2048)
            return NewKeyKind(
                mechanism: CKM_RSA_PKCS_KEY_PAIR_GEN, name: "CKM_RSA_PKCS_KEY_PAIR_GEN", type: CKK_RSA,
                parameters: [[(CKA_MODULUS_BITS, bits.values), (CKA_PUBLIC_EXPONENT, [1, 0, 1])]])
        case .ellipticCurve(.p256):
            return NewKeyKind(
                mechanism: CKM_EC_KEY_PAIR_GEN, name: "CKM_EC_KEY_PAIR_GEN", type: CKK_EC,
                parameters: [curve(CurveParameters.p256.der)])
        case .ellipticCurve(.p384):
            return NewKeyKind(
                mechanism: CKM_EC_KEY_PAIR_GEN, name: "CKM_EC_KEY_PAIR_GEN", type: CKK_EC,
                parameters: [curve(CurveParameters.p384.der)])
        case .ed25519:
            return NewKeyKind(
                mechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN, name: "CKM_EC_EDWARDS_KEY_PAIR_GEN", type: CKK_EC_EDWARDS,
                parameters: [curve(CurveParameters.ed25519.der), curve(CurveParameters.edwards25519)])
        case .ellipticCurve(.p521):
            throw TokenFailure(
                RemoteKeyError(
                    .unsupported, "keys for \(algorithm) are not made on tokens", hint: TokenFailure.otherAlgorithm))
        }
    }

    private func generate(
        _ kind: NewKeyKind, _ label: [UInt8], _ id: [UInt8], _ session: UInt
    ) throws(TokenFailure) -> (publicHalf: UInt, privateHalf: UInt) {
        var privateHalf = Self.template(CKO_PRIVATE_KEY, PKCS11URI([.object: label, .id: id]))
        privateHalf.add(CKA_KEY_TYPE, kind.type)
        for attribute in [CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN] { privateHalf.add(attribute, true) }
        privateHalf.add(CKA_EXTRACTABLE, false)
        var failure: TokenFailure?
        for parameters in kind.parameters {
            var publicHalf = Self.template(CKO_PUBLIC_KEY, PKCS11URI([.object: label, .id: id]))
            publicHalf.add(CKA_KEY_TYPE, kind.type)
            for attribute in [CKA_TOKEN, CKA_VERIFY] { publicHalf.add(attribute, true) }
            for parameter in parameters { publicHalf.add(parameter.type, parameter.value) }
            do throws(TokenFailure) {
                return try cryptoki.generateKeyPair(
                    kind.mechanism, publicHalf: publicHalf, privateHalf: privateHalf, in: session)
            } catch {
                failure = failure ?? error
                guard error.error.code == .unsupported else { break }
            }
        }
        throw failure ?? TokenFailure(RemoteKeyError(.unsupported, "the token makes no such key"))
    }

    private func newID() throws(TokenFailure) -> [UInt8] {
        do throws(LibcryptoError) { return try RandomBytes.make(16) } catch {
            throw TokenFailure(RemoteKeyError(.unavailable, error.description))
        }
    }
}
