import Foundation
package import SystemPackage
import WireText

/// What `clients` names: a clients file, or a folder of them, such as one for each team.
package struct ClientsLocation: Sendable {
    /// The file or folder, as the operator wrote it.
    package let path: FilePath
    let access: FileAccess

    package init(_ path: FilePath, _ access: FileAccess = .command()) {
        self.path = path
        self.access = access
    }

    /// The most files that are read of a folder.
    private static let mostFiles = 10_000

    /// Whether it is a folder now.
    package var isFolder: Bool { (try? path.stat().type) == .directory }

    /// Whether a file of a folder is a clients file, by its name.
    static func isClientsFile(_ name: String) -> Bool {
        !Octets(name).begins(with: ".") && name.utf8.count > 5 && !name.utf8.contains { $0 < 0x20 || $0 == 0x7F }
            && name.utf8.suffix(5).elementsEqual(".yaml".utf8)
    }

    /// The file, or the clients files of the folder in the order in which they count.
    ///
    /// - Throws: if the folder cannot be read, or if other users can change what is in it.
    package func files() throws(InvalidConfiguration) -> [FilePath] {
        guard isFolder else { return [path] }
        return try listing().files
    }

    /// What is in a folder.
    struct Listing {
        /// The clients files, sorted by name.
        var files: [FilePath] = []
        /// The names that look as if clients files were meant, and are none.
        var misnamed: [FilePath] = []
    }

    func listing() throws(InvalidConfiguration) -> Listing {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path.string)
            try TrustedFile.checkFolder(path, access)
        } catch let error as UntrustedFile {
            throw InvalidConfiguration([error.problem])
        } catch {
            throw InvalidConfiguration([Problem(unreadable: path, error)])
        }
        var listing = Listing()
        let sorted = names.filter(Self.isClientsFile).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard sorted.count <= Self.mostFiles else {
            throw InvalidConfiguration([
                Problem(
                    .file(path.string, line: nil), "has \(sorted.count) clients files, and \(Self.mostFiles) are read")
            ])
        }
        listing.files = sorted.map { path.appending($0) }
        listing.misnamed = names.filter(Self.isMisnamed).sorted().map { path.appending($0) }
        return listing
    }

    private static func isMisnamed(_ name: String) -> Bool {
        guard !Octets(name).begins(with: "."), !isClientsFile(name) else { return false }
        let lowercased = String(decoding: name.utf8.map(ASCII.lowercased), as: UTF8.self)
        return [".yaml", ".yml"].contains { lowercased.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    /// What changes when the clients do: the file, or the folder and the files in it.
    package var watched: [FilePath] {
        guard isFolder else { return [path] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path.string)) ?? []
        return [path] + names.filter(Self.isClientsFile).prefix(Self.mostFiles + 1).map { path.appending($0) }
    }

    /// Whether this process may replace the file, or each file of the folder.
    package var canBeWritten: Bool {
        guard isFolder else { return DurableFile.canReplace(path) }
        let files = (try? files()) ?? []
        return DurableFile.canReplace(path.appending("new.yaml")) && files.allSatisfy(DurableFile.canReplace)
    }

    /// Whether a file of the folder is there, or is a link that ends inside the folder: what is elsewhere belongs to others.
    func holds(_ file: FilePath) -> Bool {
        let folder = DurableFile.target(of: path)
        return DurableFile.target(of: file).starts(with: folder)
    }
}
