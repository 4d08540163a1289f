import CLibcrypto

/// The passphrase of a PEM private key.
public struct Passphrase: Sendable {
    /// `PEM_BUFSIZE`, in octets. libcrypto encrypts with a longer passphrase, but cannot decrypt with it.
    public static let maximumSize = Int(PEM_BUFSIZE)

    let octets: SecretBytes

    /// - Throws: ``KeyError/unusablePassphrase`` if there are no octets, or more than ``maximumSize``. With no octets
    ///   libcrypto would ask for a passphrase on the terminal.
    public init(_ octets: SecretBytes) throws(KeyError) {
        guard (1...Self.maximumSize).contains(octets.count) else { throw .unusablePassphrase }
        self.octets = octets
    }
}

/// The answer to libcrypto's `pem_password_cb`, and whether libcrypto called it.
struct PassphraseRequest {
    let passphrase: Passphrase?
    /// Whether libcrypto asked for a passphrase.
    private(set) var wasMade = false

    init(_ passphrase: Passphrase?) {
        self.passphrase = passphrase
    }

    /// - Parameters:
    ///   - buffer: of `size` octets.
    ///   - context: a pointer to a `PassphraseRequest`.
    /// - Returns: the number of octets written, or -1 if there is no passphrase, or it does not fit into the buffer.
    static func answer(
        _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ context: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let request = unsafe context?.assumingMemoryBound(to: PassphraseRequest.self) else { return -1 }
        unsafe request.pointee.wasMade = true
        guard let octets = unsafe request.pointee.passphrase?.octets, octets.count <= Int(size) else { return -1 }
        return octets.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyMemory(from: bytes)
                return Int32(clamping: bytes.count)
            }
        }
    }
}
