import CZlib

/// Octets in the zlib format, RFC 1950.
package enum ZlibFormat {
    /// Compresses `octets` as far as zlib can.
    ///
    /// - Throws: ``ZlibError/outOfMemory``.
    package static func compress(_ octets: [UInt8]) throws(ZlibError) -> [UInt8] {
        let bound = compressBound(uLong(clamping: octets.count))
        var status = Z_MEM_ERROR
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: Int(clamping: bound)) { output, count in
            var size = uLong(clamping: output.count)
            status = unsafe octets.withUnsafeBufferPointer { input in
                unsafe compress2(
                    output.baseAddress, &size, input.baseAddress, uLong(clamping: input.count), Z_BEST_COMPRESSION)
            }
            count = status == Z_OK ? Int(clamping: size) : 0
        }
        guard status == Z_OK else { throw .outOfMemory }
        return copy(compressed)
    }

    /// The octets that `compressed` holds.
    ///
    /// - Parameter maximumCount: how many octets may come out. There is memory for one more, and never for the rest.
    package static func decompress(_ compressed: [UInt8], maximumCount: Int) throws(ZlibError) -> [UInt8] {
        var status = Z_MEM_ERROR
        var read = uLong(clamping: compressed.count)
        // With the one more, zlib tells a text that is too long from one that is cut off.
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: max(maximumCount, 0) + 1) { output, count in
            var size = uLong(clamping: max(maximumCount, 0) + 1)
            status = unsafe compressed.withUnsafeBufferPointer { input in
                unsafe uncompress2(output.baseAddress, &size, input.baseAddress, &read)
            }
            count = status == Z_OK ? Int(clamping: size) : 0
        }
        switch status {
        case Z_OK: break
        case Z_BUF_ERROR: throw .tooLong
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .malformed
        }
        guard octets.count <= max(maximumCount, 0) else { throw .tooLong }
        guard Int(clamping: read) == compressed.count else { throw .trailingOctets }
        return copy(octets)
    }

    /// An array that keeps no more memory than it needs: that of the output had room for the longest one.
    private static func copy(_ octets: [UInt8]) -> [UInt8] {
        unsafe octets.withUnsafeBufferPointer { unsafe Array($0) }
    }
}
