public import Foundation

/// A folder that goes with the object that stands for it.
public final class TemporaryFolder: Sendable {
    /// Below the system's folder for temporary files, with a name of its own.
    public let url: URL

    /// - Throws: where the folder cannot be made.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "writ-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of a file in it.
    public func path(_ name: String) -> String {
        url.appending(path: name).path(percentEncoded: false)
    }

    /// Writes a file that only its owner can read.
    public func write(_ contents: String, to name: String, permissions: Int = 0o600) throws {
        try Data(contents.utf8).write(to: url.appending(path: name))
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path(name))
    }

    /// Gives a file the time of the test's clock.
    public func setTime(of name: String, toSecondsSince1970 seconds: Int64) throws {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path(name))
    }

    /// - Throws: for a file that is missing or is not UTF-8.
    public func read(_ name: String) throws -> String {
        try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }
}
