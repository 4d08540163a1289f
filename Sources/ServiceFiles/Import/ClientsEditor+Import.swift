package import SystemPackage
import WireText

/// Where imported clients go.
package struct ImportTarget {
    package let editor: ClientsFileEditor
    package let path: FilePath
    /// Files whose places in the status lists are not taken, besides those of the same folder.
    package let others: [ClientsFile]
}

extension ClientsEditor {
    /// Finds the file that imported clients go to.
    ///
    /// - Parameter name: the name of a file in the folder of clients, or the path of another file; `nil` for the file that is
    ///   configured, or is alone in the folder.
    package func target(ofImport name: String?) throws -> ImportTarget {
        guard let name else {
            let file = try onlyFile()
            return ImportTarget(editor: try editor(of: file), path: file, others: [])
        }
        if location.isFolder {
            let path = Octets(name).contains(ascii: "/") ? FilePath(name) : location.path.appending(name)
            if DurableFile.target(of: path.folder) == DurableFile.target(of: location.path) {
                guard ClientsLocation.isClientsFile(path.name) else { throw ClientsFileEditError.noNameOfFile }
                return ImportTarget(editor: try editor(of: path), path: path, others: [])
            }
        }
        let path = FilePath(name)
        return ImportTarget(editor: editorOutside(path), path: path, others: presentFiles())
    }

    /// The files that are configured, as far as they are there and can be read.
    private func presentFiles() -> [ClientsFile] {
        let files = (try? location.files()) ?? []
        return files.compactMap { try? ClientsFile(parsing: $0, location.access) }
    }
}
