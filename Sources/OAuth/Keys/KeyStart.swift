package import AccessToken

/// When a key may begin to sign.
///
/// Usually that is what its name says. A server that meets a key beside a working one without having announced it holds
/// it back: see ``KeyAnnouncements``. That makes it begin later, but changes nothing about which key is the newer.
package struct KeyStart: Sendable, Hashable, Comparable {
    /// The file that holds the key.
    package let name: KeyFileName
    /// nil for a key that signs from the beginning.
    package let date: NumericDate?

    /// - Parameter heldBackUntil: when a key that nobody has announced may begin; nil for any other.
    package init(_ name: KeyFileName, heldBackUntil: NumericDate? = nil) {
        self.name = name
        date = heldBackUntil.map { max($0, name.start ?? $0) } ?? name.start
    }

    /// In the order in which the keys follow one another: that of their names.
    package static func < (first: KeyStart, second: KeyStart) -> Bool { first.name < second.name }

    /// Whether the key may sign at `now`.
    func hasCome(at now: NumericDate) -> Bool {
        date.map { $0 <= now } ?? true
    }
}
