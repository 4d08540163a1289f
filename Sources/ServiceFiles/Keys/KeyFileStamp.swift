import OAuth
import SystemPackage

/// The attributes of a key's file, and of the file with its public half if the key stays in another place.
struct KeyFileStamp: Sendable, Equatable {
    private let file: FileStamp
    private let publicHalf: FileStamp?

    /// - Returns: `nil` if the key's file cannot be looked at.
    init?(_ name: KeyFileName, in folder: FilePath) {
        guard let file = FileStamp(folder.appending(name.description)) else { return nil }
        self.file = file
        publicHalf = name.publicHalf.flatMap { FileStamp(folder.appending($0.description)) }
    }
}
