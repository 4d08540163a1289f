package import Zlib

/// Why a text is not the Status List Token that was asked for.
package enum StatusListError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `typ` is not `statuslist+jwt`.
    case wrongType
    /// The payload is not a JSON object, or this claim is missing or malformed.
    case malformed(Claim)
    /// `sub` is another list.
    case otherList
    /// `iat` or `nbf` is in the future.
    case notYetValid
    /// `exp` has passed.
    case expired
    /// `bits` is not 1, 2, 4 or 8.
    case unknownBits
    /// The list could not be compressed or decompressed, or it has too many octets.
    case compression(ZlibError)

    /// What is malformed.
    package enum Claim: String, Sendable {
        case payload
        case sub
        case iat
        case exp
        case nbf
        case ttl
        case statusList = "status_list"
        case bits
        case lst
    }

    /// Whether the issuer has signed the list that was asked for, and its content cannot be used. Otherwise the text is
    /// another one, or of another time.
    package var isAboutContent: Bool {
        switch self {
        case .wrongType, .otherList, .notYetValid, .expired: false
        case .malformed(.payload), .malformed(.sub), .compression(.outOfMemory): false
        case .malformed, .unknownBits, .compression: true
        }
    }

    /// A human-readable clause in which "it" is the Status List Token.
    package var description: String {
        switch self {
        case .wrongType: "its type is not statuslist+jwt"
        case .malformed(.payload): "its payload is not a JSON object"
        case .malformed(let claim): "its claim \(claim.rawValue) is missing or malformed"
        case .otherList: "its sub is another list"
        case .notYetValid: "it is not valid yet"
        case .expired: "it has expired"
        case .unknownBits: "its bits are not 1, 2, 4 or 8"
        case .compression(let error): "its lst \(error)"
        }
    }
}
