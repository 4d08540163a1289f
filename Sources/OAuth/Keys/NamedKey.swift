/// A key of the folder: what its file is called, and which key it is.
public struct NamedKey: Sendable, Hashable {
    /// Says from when the key signs.
    public let name: KeyFileName
    /// `kid`: stays the same when the file gets another name.
    public let keyID: String

    /// A file of this name that holds the key with this `kid`.
    public init(_ name: KeyFileName, keyID: String) {
        self.name = name
        self.keyID = keyID
    }
}
