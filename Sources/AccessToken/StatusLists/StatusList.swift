import Zlib

/// A Status List, draft-ietf-oauth-status-list-21 section 4.1: one status for each token, packed into octets.
package struct StatusList: Sendable, Equatable {
    /// The size of a status: 1, 2, 4 or 8.
    package let bits: Int
    /// The first status is in the least significant bits of the first octet.
    private var octets: [UInt8]

    /// A list of statuses of one bit, all of them 0.
    ///
    /// - Parameter entryCount: rounded up to whole octets.
    package init(entryCount: Int) {
        bits = 1
        octets = [UInt8](repeating: 0, count: (entryCount + 7) / 8)
    }

    /// Reads what ``compressed()`` has made.
    ///
    /// - Parameter maximumOctets: how many octets the list may have. No memory is allocated for more.
    package init(compressed: [UInt8], bits: Int, maximumOctets: Int) throws(StatusListError) {
        // Section 4.1, step 1.
        guard [1, 2, 4, 8].contains(bits) else { throw .unknownBits }
        self.bits = bits
        do throws(ZlibError) {
            octets = try ZlibFormat.decompress(compressed, maximumCount: maximumOctets)
        } catch {
            throw .compression(error)
        }
    }

    /// The number of statuses.
    package var entryCount: Int { octets.count * (8 / bits) }

    /// The number of octets, uncompressed.
    package var octetCount: Int { octets.count }

    /// Sets the lowest bit of a status: in a list of one bit the token is revoked.
    ///
    /// - Parameter index: from 0 to ``entryCount`` without it.
    package mutating func set(_ index: Int) {
        octets[index / (8 / bits)] |= 1 << UInt8(index % (8 / bits) * bits)
    }

    /// The status of a token; `nil` if the list has no such index.
    package func status(at index: Int) -> UInt8? {
        guard index >= 0, index < entryCount else { return nil }
        let octet = octets[index / (8 / bits)] >> UInt8(index % (8 / bits) * bits)
        return octet & UInt8.max >> UInt8(8 - bits)
    }

    /// The octets in the zlib format (section 4.1, step 4).
    package func compressed() throws(StatusListError) -> [UInt8] {
        do throws(ZlibError) { return try ZlibFormat.compress(octets) } catch { throw .compression(error) }
    }
}
