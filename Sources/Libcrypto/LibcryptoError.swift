import CLibcrypto

/// A call into libcrypto that failed, with everything that libcrypto reported about it.
///
/// The reasons come from libcrypto's own tables and never hold key material or input.
public struct LibcryptoError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One entry of libcrypto's error queue. Two entries are equal if their codes are.
    public struct Reason: Sendable, Hashable, CustomStringConvertible {
        /// The part of libcrypto that reported it: `ERR_LIB_PEM` and others of <openssl/err.h>.
        public let library: Int32
        /// What it reported. The same number means something else in another part.
        public let code: Int32
        /// libcrypto's English for the codes; empty if this build of it has none.
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

    /// What was being done: "read a private key".
    public let operation: StaticString

    /// libcrypto's reasons, oldest first; empty if it gave none.
    public let reasons: [Reason]

    /// Takes the whole error queue of the current thread, so that a later call is not blamed for any of it.
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

    /// For an argument of a length that libcrypto would refuse, or read beyond. libcrypto was not called.
    init(invalidLengthFor operation: StaticString) {
        self.operation = operation
        reasons = [Reason(library: ERR_LIB_EVP, code: EVP_R_INVALID_KEY_LENGTH, description: "invalid length")]
    }

    /// Compares the reasons by their codes, and not the texts.
    public static func == (first: LibcryptoError, second: LibcryptoError) -> Bool {
        first.reasons == second.reasons
    }

    /// What failed, and libcrypto's reasons if it gave any.
    public var description: String {
        let texts = reasons.map(\.description).filter { !$0.isEmpty }
        return texts.isEmpty ? "could not \(operation)" : "could not \(operation): \(texts.joined(separator: ", "))"
    }
}

/// Checks the usual libcrypto convention: 1 is success.
func check(_ status: Int32, _ operation: StaticString) throws(LibcryptoError) {
    guard status == 1 else { throw LibcryptoError(drainingQueueFor: operation) }
}

/// Checks the other convention: a null pointer is failure.
func check(_ pointer: OpaquePointer?, _ operation: StaticString) throws(LibcryptoError) -> OpaquePointer {
    guard let pointer = unsafe pointer else { throw LibcryptoError(drainingQueueFor: operation) }
    return unsafe pointer
}

/// For a check whose answer may be no: 1 is yes, everything else is no, and libcrypto's reasons are dropped.
func isSuccess(_ status: Int32) -> Bool {
    if status != 1 { ERR_clear_error() }
    return status == 1
}

/// Which libcrypto is used.
public enum LibcryptoVersion {
    /// Of the library that was found when the process started, such as "3.0.19".
    public static var text: String {
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION_STRING) else { return "" }
        return unsafe String(cString: text)
    }
}
