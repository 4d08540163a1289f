import Foundation
import SystemPackage

/// A file that another product has exported. It may hold secrets in the clear.
struct ExportFile {
    let path: FilePath
    private let access: FileAccess

    init(_ path: FilePath, _ access: FileAccess) {
        self.path = path
        self.access = access
    }

    /// Reads the objects of the file one after the other.
    ///
    /// - Returns: a warning, if other users can read the file.
    /// - Throws: if other users can change the file, if it cannot be read, or if it is not JSON of this shape.
    func read(
        _ shape: ExportShape, _ body: (ExportItem) throws(ExportFault) -> Void
    ) throws(InvalidConfiguration) -> Problem? {
        let descriptor: FileDescriptor
        do { descriptor = try TrustedFile.open(path, access, mayBePipe: true) } catch let error as UntrustedFile {
            throw InvalidConfiguration([error.problem])
        } catch {
            throw problem("cannot be read: \(SystemReason(error))")
        }
        defer { try? descriptor.close() }
        let status = try? descriptor.stat()
        guard status?.type != .directory else { throw problem("is a folder") }
        let handle = FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: false)
        func nextPiece() throws(ExportFault) -> [UInt8] {
            do { return Array(try handle.read(upToCount: OctetStream.pieceSize) ?? Data()) } catch {
                throw .unreadable(SystemReason(error).description)
            }
        }
        var first: [UInt8]?
        do throws(ExportFault) { first = try nextPiece() } catch { throw problem(error.message) }
        if let first, Self.isUTF16(first) {
            throw problem(
                "is UTF-16, and JSON is UTF-8",
                hint: "in PowerShell: command | Out-File -Encoding utf8 FILE, or run the export in another shell")
        }
        // A byte order mark is no part of the text.
        if let piece = first, piece.starts(with: Self.byteOrderMark) { first = Array(piece.dropFirst(3)) }
        let stream = OctetStream { () throws(ExportFault) in
            // The first piece, and then one after the other.
            if let piece = first, !piece.isEmpty {
                first = nil
                return piece
            }
            return try nextPiece()
        }
        var reader = ExportReader(stream, shape)
        do throws(ExportFault) { try reader.read(body) } catch { throw problem(error.message) }
        return status.flatMap(warning)
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private static func isUTF16(_ piece: [UInt8]) -> Bool {
        piece.starts(with: [0xFF, 0xFE]) || piece.starts(with: [0xFE, 0xFF])
    }

    private func warning(_ status: Stat) -> Problem? {
        guard status.type == .regular, status.permissions.contains(.otherRead) else { return nil }
        return Problem(
            .file(path.string, line: nil), "can be read by every user, and may hold secrets",
            hint: "chmod 600 \(path), and remove it after the import")
    }

    func problem(_ message: String, hint: String? = nil) -> InvalidConfiguration {
        InvalidConfiguration([Problem(.file(path.string, line: nil), message, hint: hint)])
    }
}
