import CLibcrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Secret bytes in one block of memory, which is overwritten before it is freed.
@safe
public final class SecretBytes: @unchecked Sendable {
    // Sendable: the memory is written only during initialisation.
    private let storage: UnsafeMutableRawBufferPointer
    /// The number of bytes. The memory that holds them may be larger.
    public let count: Int

    private init(count: Int, storage: UnsafeMutableRawBufferPointer) {
        unsafe self.storage = storage
        self.count = count
    }

    /// Copies `bytes`. The caller clears the original.
    public convenience init(copying bytes: Span<UInt8>) throws(LibcryptoError) {
        let storage = try unsafe Self.allocate(bytes.count)
        unsafe bytes.withUnsafeBytes { unsafe storage.copyMemory(from: $0) }
        unsafe self.init(count: bytes.count, storage: storage)
    }

    /// Fills `count` bytes from libcrypto's generator for private values.
    public convenience init(randomCount count: Int) throws(LibcryptoError) {
        let storage = try unsafe Self.allocate(count)
        let status = unsafe RAND_priv_bytes(storage.baseAddress, Int32(clamping: count))
        guard status == 1 else {
            unsafe CLibcrypto_clearAndFree(storage.baseAddress, storage.count)
            throw LibcryptoError(drainingQueueFor: "make random bytes")
        }
        unsafe self.init(count: count, storage: storage)
    }

    /// Copies the bytes of an array, and fills the array with zeros even if this throws.
    public convenience init(moving bytes: inout [UInt8]) throws(LibcryptoError) {
        defer { bytes.cleanse() }
        try self.init(copying: bytes.span)
    }

    /// Allocates `count` bytes, all of which `body` must write.
    convenience init(
        count: Int, writing body: (UnsafeMutablePointer<UInt8>?) throws(LibcryptoError) -> Void
    ) throws(LibcryptoError) {
        let storage = try unsafe Self.allocate(count)
        do throws(LibcryptoError) {
            try unsafe body(storage.baseAddress?.assumingMemoryBound(to: UInt8.self))
        } catch {
            unsafe CLibcrypto_clearAndFree(storage.baseAddress, storage.count)
            throw error
        }
        unsafe self.init(count: count, storage: storage)
    }

    /// Reads an open file to its end, straight into memory that will be cleared.
    ///
    /// - Returns: `nil` if the file holds more than `limit` bytes or cannot be read.
    public convenience init?(readingFrom descriptor: Int32, limit: Int) throws(LibcryptoError) {
        let storage = try unsafe Self.allocate(limit + 1)
        var count = 0
        while count <= limit {
            let received = unsafe read(
                descriptor, storage.baseAddress.map { unsafe $0 + count }, limit + 1 - count)
            if received < 0 && errno == EINTR { continue }
            guard received >= 0 else { count = limit + 1; break }
            if received == 0 { break }
            count += received
        }
        guard count <= limit else {
            unsafe CLibcrypto_clearAndFree(storage.baseAddress, storage.count)
            return nil
        }
        unsafe self.init(count: count, storage: storage)
    }

    deinit {
        unsafe CLibcrypto_clearAndFree(storage.baseAddress, storage.count)
    }

    /// Lends the bytes, which must not be copied out of the closure.
    public func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe UnsafeBufferPointer(
            start: storage.baseAddress?.assumingMemoryBound(to: UInt8.self), count: count)
        return try unsafe body(bytes.span)
    }

    /// A copy without the line feed at the end, and without a carriage return before it. Editors put them there.
    public func droppingLineBreak() throws(LibcryptoError) -> SecretBytes {
        try withBytes { (bytes) throws(LibcryptoError) in
            var count = bytes.count
            if count > 0, bytes[count - 1] == UInt8(ascii: "\n") { count -= 1 }
            if count < bytes.count, count > 0, bytes[count - 1] == UInt8(ascii: "\r") { count -= 1 }
            return try SecretBytes(copying: bytes.extracting(..<count))
        }
    }

    /// Writes all bytes to an open file, straight from the memory that will be cleared.
    ///
    /// - Returns: whether all were written. If not, `errno` has the reason.
    public func write(to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < count {
            let written = unsafe writeOctets(
                descriptor, storage.baseAddress.map { unsafe $0 + offset }, count - offset)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return false }
            offset += written
        }
        return true
    }

    private static func allocate(_ count: Int) throws(LibcryptoError) -> UnsafeMutableRawBufferPointer {
        guard let memory = unsafe CLibcrypto_allocate(max(count, 1)) else {
            throw LibcryptoError(drainingQueueFor: "allocate memory")
        }
        return unsafe UnsafeMutableRawBufferPointer(start: memory, count: max(count, 1))
    }
}

extension [UInt8] {
    /// Fills the array with zeros. The compiler does not optimise this away.
    mutating func cleanse() {
        unsafe withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}

/// write(2), under a name that ``SecretBytes`` does not have itself.
private func writeOctets(_ descriptor: Int32, _ octets: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, octets, count)
}
