import CLibcrypto

/// The SHA-2 functions of FIPS 180-4 that JOSE uses.
public enum HashFunction: Sendable, Hashable, CaseIterable {
    /// SHA-256
    case sha256
    /// SHA-384
    case sha384
    /// SHA-512
    case sha512

    /// The length of a digest, in octets.
    public var digestSize: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of `message`.
    public func digest(of message: Span<UInt8>) throws(LibcryptoError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: digestSize)
        let status = unsafe implementation.withUnsafePointer { hash in
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                unsafe message.withUnsafeBytes { message in
                    unsafe EVP_Digest(message.baseAddress, message.count, digest.baseAddress, nil, hash, nil)
                }
            }
        }
        try check(status, "compute a digest")
        return digest
    }

    /// Fetched once per process: a fetch takes locks and searches the providers, which is too slow for every token.
    var implementation: FetchedDigest {
        switch self {
        case .sha256: FetchedDigest.sha256
        case .sha384: FetchedDigest.sha384
        case .sha512: FetchedDigest.sha512
        }
    }
}

/// One `EVP_MD`, fetched from the provider and kept until the process ends.
@safe
final class FetchedDigest: @unchecked Sendable {
    // Sendable: a fetched EVP_MD is immutable.
    private let pointer: OpaquePointer?

    private init(_ name: String) {
        unsafe pointer = EVP_MD_fetch(nil, name, nil)
    }

    deinit { unsafe EVP_MD_free(pointer) }

    /// Lends the pointer, which must not leave the closure. It is `nil` if the provider has no such function.
    func withUnsafePointer<Result, Failure: Error>(
        _ body: (OpaquePointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer)
    }

    static let sha256 = FetchedDigest("SHA2-256")
    static let sha384 = FetchedDigest("SHA2-384")
    static let sha512 = FetchedDigest("SHA2-512")
}
