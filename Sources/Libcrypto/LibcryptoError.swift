import CLibcrypto

/// A call into libcrypto that failed, with everything that libcrypto reported about it.
///
/// The reasons come from libcrypto's own tables and never hold key material or input.
public struct LibcryptoError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One entry of libcrypto's error queue. Two entries are equal if their codes are.
    public struct Reason: Sendable, Hashable, CustomStringConvertible {
        /// The part of libcrypto that reported it: `ERR_LIB_PEM` and others of <openssl/err.h>.
        public let library: Int32
        /// The reason, as a number. Each part of libcrypto has its own numbers.
        public let code: Int32
        /// libcrypto's English text for the codes; empty if this build of libcrypto has no texts.
        public let description: String

        init(library: Int32, code: Int32, description: String) {
            self.library = library
            self.code = code
            self.description = description
        }

        init(_ packed: UInt) {
            library = ERR_GET_LIB(packed)
            code = ERR_GET_REASON(packed)
            description = unsafe ERR_reason_error_string(packed).map { unsafe String(cString: $0) } ?? ""
        }

        /// Compares the codes.
        public static func == (first: Reason, second: Reason) -> Bool {
            first.library == second.library && first.code == second.code
        }

        /// Hashes the codes.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(library)
            hasher.combine(code)
        }
    }

    /// The operation that failed: "read a private key".
    public let operation: StaticString

    /// libcrypto's reasons, oldest first; empty if it gave none.
    public let reasons: [Reason]

    /// Drains the error queue of the current thread, so that no later error reports these reasons.
    init(drainingQueueFor operation: StaticString) {
        self.operation = operation
        var reasons: [Reason] = []
        while true {
            let packed = ERR_get_error()
            if packed == 0 { break }
            reasons.append(Reason(packed))
        }
        self.reasons = reasons
    }

    /// For an argument whose length libcrypto would reject or read beyond. libcrypto was not called.
    init(invalidLengthFor operation: StaticString) {
        self.operation = operation
        reasons = [Reason(library: ERR_LIB_EVP, code: EVP_R_INVALID_KEY_LENGTH, description: "invalid length")]
    }

    /// Whether an algorithm was asked for that libcrypto has no implementation of, such as DES without the legacy provider.
    var lacksAlgorithm: Bool {
        reasons.contains { reason in
            switch reason.library {
            case ERR_LIB_EVP: [CLibcrypto_reasonUnsupported, EVP_R_UNKNOWN_PBE_ALGORITHM].contains(reason.code)
            case ERR_LIB_PEM: [PEM_R_UNSUPPORTED_CIPHER, PEM_R_UNSUPPORTED_ENCRYPTION].contains(reason.code)
            default: false
            }
        }
    }

    /// Compares the reasons by their codes, not the texts.
    public static func == (first: LibcryptoError, second: LibcryptoError) -> Bool {
        first.reasons == second.reasons
    }

    /// The operation that failed, and libcrypto's reasons if it gave any.
    public var description: String {
        let texts = reasons.map { $0.description.isEmpty ? "reason \($0.library):\($0.code)" : $0.description }
        return texts.isEmpty ? "could not \(operation)" : "could not \(operation): \(texts.joined(separator: ", "))"
    }
}

/// Checks the usual libcrypto convention: 1 is success.
func check(_ status: Int32, _ operation: StaticString) throws(LibcryptoError) {
    guard status == 1 else { throw LibcryptoError(drainingQueueFor: operation) }
}

/// Checks libcrypto's convention for pointers: a null pointer is failure.
func check(_ pointer: OpaquePointer?, _ operation: StaticString) throws(LibcryptoError) -> OpaquePointer {
    guard let pointer = unsafe pointer else { throw LibcryptoError(drainingQueueFor: operation) }
    return unsafe pointer
}

/// Checks a call that may fail without an error, such as a verification: 1 is success, anything else is failure. Drops
/// libcrypto's reasons.
func isSuccess(_ status: Int32) -> Bool {
    if status != 1 { ERR_clear_error() }
    return status == 1
}

/// The verdict of a verification: 1 is a valid signature, 0 an invalid one. Drops libcrypto's reasons for an invalid one.
///
/// - Throws: if libcrypto could not verify, which says nothing about the signature.
func isValid(_ status: Int32) throws(LibcryptoError) -> Bool {
    guard status < 0 else { return isSuccess(status) }
    let error = LibcryptoError(drainingQueueFor: "verify a signature")
    // SEC 1 section 4.1.4: a signature that leads to the point at infinity is invalid.
    let isInvalid = error.reasons.contains { $0.library == ERR_LIB_EC && $0.code == EC_R_POINT_AT_INFINITY }
    guard isInvalid else { throw error }
    return false
}

/// The version of libcrypto.
public enum LibcryptoVersion {
    /// The version of the library that was loaded when the process started, such as "3.0.19"; empty if unknown.
    public static var text: String {
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION_STRING) else { return "" }
        return unsafe String(cString: text)
    }
}
