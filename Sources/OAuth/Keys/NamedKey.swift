/// A key of the folder: what its file is called, and which key it is.
package struct NamedKey: Sendable, Hashable {
    /// Says from when the key signs.
    package let name: KeyFileName
    /// `kid`: stays the same when the file gets another name.
    package let keyID: String

    /// A file of this name that holds the key with this `kid`.
    package init(_ name: KeyFileName, keyID: String) {
        self.name = name
        self.keyID = keyID
    }
}
