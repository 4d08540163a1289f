import CLibcrypto

/// Owns one memory `BIO`, whose contents are cleared when it is freed.
@safe
struct MemoryBIO: ~Copyable {
    private let pointer: OpaquePointer

    /// An empty one to write to. Its contents are in libcrypto's own buffer, which is cleared when it is freed.
    init() throws(LibcryptoError) {
        unsafe pointer = try check(BIO_new(BIO_s_secmem()), "allocate memory")
    }

    /// One that holds a copy of `bytes`.
    init(copying bytes: Span<UInt8>) throws(LibcryptoError) {
        let memory = try MemoryBIO()
        let written = unsafe memory.withUnsafePointer { pointer in
            unsafe bytes.withUnsafeBytes { unsafe BIO_write(pointer, $0.baseAddress, Int32(clamping: $0.count)) }
        }
        guard written == Int32(clamping: bytes.count) else {
            throw LibcryptoError(drainingQueueFor: "copy into memory")
        }
        self = memory
    }

    deinit { unsafe BIO_free(pointer) }

    /// Lends the pointer, which must not leave the closure.
    func withUnsafePointer<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        unsafe body(pointer)
    }

    /// Lends the contents written so far.
    func withContents<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe CLibcrypto_memoryContents(pointer, &start)
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: max(count, 0))
        return try unsafe bytes.withMemoryRebound(to: UInt8.self) { (bytes) throws(Failure) in
            try unsafe body(bytes.span)
        }
    }
}
