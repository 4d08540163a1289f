import CLibcrypto

/// A call into libcrypto that failed, with everything libcrypto said about it.
///
/// `reasons` come from libcrypto's own tables and never hold key material or input.
public struct LibcryptoError: Error, Sendable, CustomStringConvertible {
    /// What was being done, for people: "read a private key".
    public let operation: StaticString

    /// libcrypto's reasons, oldest first; empty where it gave none.
    public let reasons: [String]

    /// Takes the whole error queue of the current thread, so that nothing of it is blamed on a later call.
    init(drainingQueueFor operation: StaticString) {
        self.operation = operation
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            if let reason = unsafe ERR_reason_error_string(code) {
                unsafe reasons.append(String(cString: reason))
            }
        }
        self.reasons = reasons
    }

    /// For people: what failed, and libcrypto's reasons where it gave any.
    public var description: String {
        reasons.isEmpty ? "could not \(operation)" : "could not \(operation): \(reasons.joined(separator: ", "))"
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
