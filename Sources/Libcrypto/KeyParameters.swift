import CLibcrypto

/// Owns one `OSSL_PARAM_BLD`, which collects the parameters of a key.
@safe
struct KeyParameters: ~Copyable {
    private let pointer: OpaquePointer
    // The builder refers to added values until the key is built.
    private var numbers: [BigNumber] = []
    private var octetStrings: [OctetString] = []

    init() throws(LibcryptoError) {
        unsafe pointer = try check(OSSL_PARAM_BLD_new(), "build a key")
    }

    deinit { unsafe OSSL_PARAM_BLD_free(pointer) }

    /// The parameters of <openssl/core_names.h>. The builder keeps the address of a name, not a copy, so names are
    /// static strings.
    enum Name {
        case rsaModulus
        case rsaExponent
        case groupName
        case publicKey

        private var text: StaticString {
            switch self {
            case .rsaModulus: "n"
            case .rsaExponent: "e"
            case .groupName: "group"
            case .publicKey: "pub"
            }
        }

        /// Lends the address of the name, which is valid until the process ends.
        func withUnsafePointer<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
            unsafe body(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
        }
    }

    mutating func add(_ parameter: Name, number bigEndian: [UInt8]) throws(LibcryptoError) {
        let number = try BigNumber(bigEndian: bigEndian.span)
        numbers.append(number)
        let pointer = unsafe self.pointer
        let status = unsafe parameter.withUnsafePointer { name in
            unsafe number.withUnsafePointer { unsafe OSSL_PARAM_BLD_push_BN(pointer, name, $0) }
        }
        try check(status, "build a key")
    }

    /// - Parameter name: a name that libcrypto knows, such as a curve's.
    mutating func add(_ parameter: Name, name: String) throws(LibcryptoError) {
        let string = OctetString(Array(name.utf8))
        octetStrings.append(string)
        let pointer = unsafe self.pointer
        let status = unsafe parameter.withUnsafePointer { name in
            unsafe string.withUnsafeBytes { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe OSSL_PARAM_BLD_push_utf8_string(pointer, name, $0.baseAddress, $0.count)
                }
            }
        }
        try check(status, "build a key")
    }

    mutating func add(_ parameter: Name, octets: [UInt8]) throws(LibcryptoError) {
        let string = OctetString(octets)
        octetStrings.append(string)
        let pointer = unsafe self.pointer
        let status = unsafe parameter.withUnsafePointer { name in
            unsafe string.withUnsafeBytes {
                unsafe OSSL_PARAM_BLD_push_octet_string(pointer, name, $0.baseAddress, $0.count)
            }
        }
        try check(status, "build a key")
    }

    /// A new public `EVP_PKEY`, which the caller owns.
    func makePublicKey(_ algorithm: String) throws(LibcryptoError) -> OpaquePointer {
        guard let parameters = unsafe OSSL_PARAM_BLD_to_param(pointer) else {
            throw LibcryptoError(drainingQueueFor: "build a key")
        }
        defer { unsafe OSSL_PARAM_free(parameters) }
        let context = try unsafe check(EVP_PKEY_CTX_new_from_name(nil, algorithm, nil), "build a key")
        defer { unsafe EVP_PKEY_CTX_free(context) }
        try unsafe check(EVP_PKEY_fromdata_init(context), "build a key")
        var key: OpaquePointer?
        try unsafe check(EVP_PKEY_fromdata(context, &key, CLibcrypto_selectPublicKey, parameters), "build a key")
        return try unsafe check(key, "build a key")
    }
}

/// A copy of some octets at an address that does not move.
@safe
private final class OctetString {
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ octets: [UInt8]) {
        unsafe bytes = .allocate(capacity: octets.count)
        _ = unsafe bytes.initialize(from: octets)
    }

    deinit { unsafe bytes.deallocate() }

    /// Lends the octets. Their address is valid until this object is freed.
    func withUnsafeBytes<Result>(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Result) -> Result {
        unsafe body(bytes)
    }
}
