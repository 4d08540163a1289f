import JOSE
import Libcrypto
import OAuth
import WireText

/// A token that Vault accepts, or that of a service account. It is cleared when the last reference to it is dropped. The copy
/// that is sent lives as long as its request, in memory of the HTTP client.
final class VaultToken: Sendable {
    /// The longest token, in octets.
    static let maximumSize = 16 * 1024

    private let octets: SecretBytes

    /// - Throws: ``Unusable`` for a text that no header field may have.
    init(_ octets: SecretBytes) throws {
        let isUsable =
            (1...Self.maximumSize).contains(octets.count)
            && octets.withBytes { octets in
                octets.indices.allSatisfy { (0x21...0x7E).contains(octets[$0]) }
            }
        guard isUsable else { throw Unusable() }
        self.octets = octets
    }

    convenience init(_ text: String) throws {
        try self.init(SecretBytes(copying: text.utf8.span))
    }

    /// Reads a token on a thread that may wait for a file.
    ///
    /// - Parameter kind: what it is, for an error: "the token of Vault".
    /// - Throws: ``RemoteKeyError/Code/denied``.
    convenience init(
        reading read: @escaping VaultLogin.Read, on thread: TokenFileThread, _ kind: StaticString
    ) async throws(RemoteKeyError) {
        do {
            let octets = try await thread.run { try read().withoutLineEnds() }
            try self.init(octets)
        } catch {
            throw RemoteKeyError(.denied, "\(kind) cannot be read: \(VisibleText.line("\(error)"))")
        }
    }

    /// The token, for a header field or a body.
    var text: String {
        octets.withBytes { octets in String(decoding: octets.indices.map { octets[$0] }, as: UTF8.self) }
    }

    func isSame(as other: VaultToken) -> Bool {
        octets.withBytes { own in other.octets.withBytes { ConstantTime.areEqual(own, $0) } }
    }

    /// Whether the token occurs in a text, octet for octet.
    func occurs(in text: String) -> Bool {
        octets.withBytes { own in
            let text = text.utf8.span
            guard text.count >= own.count else { return false }
            return (0...text.count - own.count).contains { start in
                text.extracting(start..<start + own.count).isSame(as: own)
            }
        }
    }

    /// The text is none that can be sent.
    struct Unusable: Error, CustomStringConvertible {
        var description: String { "it is empty, too long, or has other characters than visible ASCII" }
    }
}

extension SecretBytes {
    /// A copy without the line feeds and carriage returns at the end. Editors and agents put them there.
    fileprivate func withoutLineEnds() throws(LibcryptoError) -> SecretBytes {
        try withBytes { (octets) throws(LibcryptoError) in
            var count = octets.count
            while count > 0, [UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(octets[count - 1]) { count -= 1 }
            return try SecretBytes(copying: octets.extracting(..<count))
        }
    }
}
