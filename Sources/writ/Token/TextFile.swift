import ServiceFiles
import SystemPackage
import WireText

/// A file with a public text that an option names, such as a certificate.
enum TextFile {
    /// The text without line ends around it. The file may be a pipe.
    static func read(_ path: String) throws -> String {
        guard let text = String(validating: try octets(path), as: UTF8.self) else {
            throw Failure("\(path) is not UTF-8")
        }
        return Octets(text).withoutLineEnds.text
    }

    /// The octets as they are.
    static func octets(_ path: String) throws -> [UInt8] {
        do throws(UnusableFile) {
            return try PublicFile(FilePath(path), .command(), limit: .keySet).contents(mayBePipe: true)
        } catch {
            throw Failure(error.description, hint: error.problem.hint)
        }
    }
}
