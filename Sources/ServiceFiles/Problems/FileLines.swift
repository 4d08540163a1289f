/// Where the lines of a text stand in the file that it is, or is a part of.
struct FileLines: Sendable {
    /// As the operator wrote it.
    let path: String
    /// For a part of a file, how many lines stand before it there and not here.
    let offset: Int

    /// - Parameter line: from 1; nil for the file as a whole.
    func place(_ line: Int?) -> Problem.Place {
        .file(path, line: line.map { $0 + offset })
    }
}
