import Foundation
package import SystemPackage

/// Files that another program may have replaced by something else.
package enum OpenFile {
    /// What is opened is not a regular file.
    struct NotRegular: Error, CustomStringConvertible {
        let description = "it is not a regular file"
    }

    /// Opens a file for reading. A named pipe without a writer is opened at once.
    package static func descriptor(of path: String) throws -> FileDescriptor {
        try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
    }

    /// Reads a regular file: the writer of a pipe, or a terminal, could be waited for without end.
    ///
    /// - Parameter limit: in octets.
    /// - Returns: `nil` if the file is larger.
    static func contents(of path: String, limit: Int) throws -> [UInt8]? {
        let file = try descriptor(of: path)
        return try file.closeAfter {
            guard try file.stat().type == .regular else { throw NotRegular() }
            let handle = FileHandle(fileDescriptor: file.rawValue, closeOnDealloc: false)
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            return data.count <= limit ? Array(data) : nil
        }
    }
}
