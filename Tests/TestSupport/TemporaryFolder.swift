public import Foundation

/// A folder that is deleted with this object.
public final class TemporaryFolder: Sendable {
    /// A folder with a unique name in the system's folder for temporary files.
    public let url: URL

    /// - Throws: if the folder cannot be created.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "writ-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of a file in it.
    public func path(_ name: String) -> String {
        url.appending(path: name).path(percentEncoded: false)
    }

    /// Writes a file. By default only its owner can read it.
    public func write(_ contents: String, to name: String, permissions: Int = 0o600) throws {
        try Data(contents.utf8).write(to: url.appending(path: name))
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path(name))
    }

    /// Sets the modification time of a file to a time of the test's clock.
    public func setTime(of name: String, toSecondsSince1970 seconds: Int64) throws {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path(name))
    }

    /// - Throws: if the file is missing or is not UTF-8.
    public func read(_ name: String) throws -> String {
        try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }
}
