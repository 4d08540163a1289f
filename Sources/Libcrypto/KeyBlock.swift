/// The PEM blocks that hold a key of one kind.
enum KeyBlock {
    /// PKCS#8, PKCS#1, SEC 1.
    case privateKey
    /// SubjectPublicKeyInfo
    case publicKey

    var labels: [String] {
        switch self {
        case .privateKey: ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
        case .publicKey: ["PUBLIC KEY"]
        }
    }

    /// Checks that the text has one key of the kind, and nothing in front of it. OpenSSL writes the parameters of a curve
    /// into a block of their own there.
    static func check(_ kind: KeyBlock, in pem: Span<UInt8>) throws(KeyError) {
        let found: [String]
        do throws(PEMFault) { found = try PEMBlocks.labels(in: pem).filter { $0 != "EC PARAMETERS" } } catch {
            throw .malformedPEM(error)
        }
        guard let first = found.first else { throw .unexpectedLabel("EC PARAMETERS") }
        let count = found.count { kind.labels.contains($0) }
        guard count > 0 else { throw .unexpectedLabel(first) }
        guard kind.labels.contains(first) else { throw .precededBy(first) }
        guard count == 1 else { throw .severalKeys }
    }

    /// The reason libcrypto could not read the key. To libcrypto, damage and an algorithm that it does not have are the
    /// same.
    func reason(in pem: Span<UInt8>) -> KeyError {
        guard let block = DecodedBlock(labels, in: pem) else { return .malformedPEM(.undecodable) }
        let isUnknown =
            switch self {
            case .privateKey: block.isUnknownPrivateKey
            case .publicKey: block.isUnknownPublicKey
            }
        return isUnknown ? .unsupportedType : .malformedPEM(.undecodable)
    }
}
