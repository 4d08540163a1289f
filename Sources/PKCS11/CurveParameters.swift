import Libcrypto

/// `CKA_EC_PARAMS`: the curve of a key.
enum CurveParameters: CaseIterable {
    case p256, p384, ed25519

    /// In DER, the object identifier of the curve.
    var der: [UInt8] {
        switch self {
        case .p256: [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        case .p384: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
        case .ed25519: [0x06, 0x03, 0x2B, 0x65, 0x70]
        }
    }

    /// PKCS#11 3.0 also names the curve of Ed25519 by a `PrintableString`.
    static let edwards25519: [UInt8] = [0x13, 0x0C] + Array("edwards25519".utf8)

    init?(_ der: [UInt8]) {
        if let curve = Self.allCases.first(where: { $0.der == der }) {
            self = curve
        } else if der == Self.edwards25519 {
            self = .ed25519
        } else {
            return nil
        }
    }

    /// The key of a point: `CKA_EC_POINT`, in an OCTET STRING of DER as the standard asks, or bare as some tokens have it.
    func components(of point: [UInt8]) -> PublicKeyComponents? {
        let size =
            switch self {
            case .p256: 65
            case .p384: 97
            case .ed25519: 32
            }
        let bare: [UInt8]
        if point.count == size {
            bare = point
        } else if point.count == size + 2, point[0] == 0x04, Int(point[1]) == size {
            bare = Array(point.dropFirst(2))
        } else {
            return nil
        }
        switch self {
        case .ed25519: return .ed25519(bare)
        case .p256, .p384:
            // SEC 1 section 2.3.3: 4 stands before an uncompressed point.
            guard bare[0] == 0x04 else { return nil }
            let half = (size - 1) / 2
            return .ellipticCurve(
                self == .p256 ? .p256 : .p384, x: Array(bare[1...half]), y: Array(bare[(half + 1)...]))
        }
    }
}
