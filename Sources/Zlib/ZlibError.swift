/// Why zlib could not compress or decompress.
package enum ZlibError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is not in the zlib format, it is cut off, or its checksum is wrong.
    case malformed
    /// It holds more octets than the caller takes.
    case tooLong
    /// There are octets behind its end.
    case trailingOctets
    /// There is no memory for it.
    case outOfMemory

    /// The rest of a sentence that begins with the name of the text, without a full stop.
    package var description: String {
        switch self {
        case .malformed: "is not in the zlib format, is cut off, or has a wrong checksum"
        case .tooLong: "holds more octets than are accepted"
        case .trailingOctets: "has octets behind its end"
        case .outOfMemory: "finds no memory"
        }
    }
}
