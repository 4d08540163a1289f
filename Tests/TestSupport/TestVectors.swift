public import Foundation

/// Published test vectors: the small ones in Tests/Vectors, the large ones in ../shared/vectors beside the repository.
public enum TestVectors {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// A file or folder of Tests/Vectors.
    public static func url(_ name: String) -> URL {
        tests.appending(path: "Vectors/\(name)")
    }

    /// The octets of a file of Tests/Vectors.
    public static func octets(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: url(name)))
    }

    /// A JSON file of Tests/Vectors.
    public static func decode<Vector: Decodable>(_: Vector.Type, _ name: String) throws -> Vector {
        try JSONDecoder().decode(Vector.self, from: Data(contentsOf: url(name)))
    }

    /// A folder of ../shared/vectors; `nil` if this machine does not have it.
    public static func shared(_ name: String) -> URL? {
        let url = tests.deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "shared/vectors/\(name)")
        return FileManager.default.fileExists(atPath: url.path()) ? url : nil
    }

    /// The octets of any file. (`Data(contentsOf:)` leaks a buffer for each empty file, and the leak checker reports
    /// it.)
    public static func octets(of file: URL) throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return Array(try handle.readToEnd() ?? Data())
    }

    /// The files in a folder, sorted.
    public static func files(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path() < $1.path() }
    }
}
