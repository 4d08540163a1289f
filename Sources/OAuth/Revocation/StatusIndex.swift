package import AccessToken
package import Libcrypto

/// The place of a client in the status lists: the index of its entry in each of them.
package enum StatusIndex {
    /// A list has 2^20 entries.
    package static let range = 0..<(1 << 20)

    /// The place of a client without `status_index`: the first 20 bits of the SHA-256 of the octets of its identifier.
    package static func derived(from id: ClientID) throws(LibcryptoError) -> Int {
        let digest = try HashFunction.sha256.digest(of: id.description.utf8.span)
        return Int(digest[0]) << 12 | Int(digest[1]) << 4 | Int(digest[2]) >> 4
    }

    /// The place of a client.
    ///
    /// - Parameter written: `status_index`; `nil` for a client without it.
    package static func place(_ written: Int?, of id: ClientID) throws(LibcryptoError) -> Int {
        if let written { return written }
        return try derived(from: id)
    }
}
