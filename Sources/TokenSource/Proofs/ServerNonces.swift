import AccessToken
import Synchronization
import WireText

/// The last DPoP nonce of each server, RFC 9449 section 8.2.
final class ServerNonces: Sendable {
    /// The maximum length of a nonce, in octets. A longer one is ignored.
    static let maximumLength = 512
    /// The most servers whose nonces are kept, times two. The ones that were used last stay.
    private static let capacity = 50

    /// By origin.
    private let nonces = Mutex(TwoGenerationCache<ExactText, String>(capacity: capacity))

    /// The nonce for the next proof to the server of a URL; `nil` if it gave none.
    func nonce(for url: String) -> String? {
        guard let origin = Self.origin(of: url) else { return nil }
        return nonces.withLock { $0[origin] }
    }

    /// Keeps the nonce of an answer.
    ///
    /// - Parameters:
    ///   - fields: the values of all `DPoP-Nonce` fields. Only one is a nonce.
    ///   - url: of the request.
    /// - Returns: the nonce; `nil` if the answer has none that can be used.
    @discardableResult
    func take(_ fields: [String], from url: String) -> String? {
        // Section 8.1: 1*NQCHAR
        guard fields.count == 1, let nonce = fields.first, (1...Self.maximumLength).contains(nonce.utf8.count),
            nonce.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }),
            let origin = Self.origin(of: url)
        else { return nil }
        nonces.withLock { _ = $0.insert(nonce, for: origin) }
        return nonce
    }

    private static func origin(of url: String) -> ExactText? {
        HTTPOrigin(ofRequest: url).map { ExactText($0.withoutDefaultPort) }
    }
}
