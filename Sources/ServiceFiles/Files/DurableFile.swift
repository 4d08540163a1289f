import Foundation
import Libcrypto
package import SystemPackage

/// A file that every reader sees complete: the contents are written to a draft in the same folder, synchronised, and
/// then moved into place.
package struct DurableFile {
    private static let draftPrefix = ".writ-draft-"

    let path: FilePath
    /// How a new file gets its name.
    var naming = NamingCalls.system

    /// Whether this process may replace a file: the folder of its ``target(of:)`` can be written to.
    package static func canReplace(_ path: FilePath) -> Bool {
        canReplace(path, isWritable: FileManager.default.isWritableFile)
    }

    /// - Parameter isWritable: whether this process may write to a folder.
    static func canReplace(_ path: FilePath, isWritable: (_ folder: String) -> Bool) -> Bool {
        isWritable(target(of: path).folder.string)
    }

    /// The file that is replaced: a symbolic link stays, and the file that it points to is another one then.
    static func target(of path: FilePath) -> FilePath {
        FilePath(URL(filePath: path.string).resolvingSymlinksInPath().path(percentEncoded: false))
    }

    /// Replaces the contents of the file and keeps its permissions.
    func replace(with contents: String) throws {
        let permissions = (try? path.stat())?.permissions
        let draft = try writeDraft(permissions: permissions ?? .ownerReadWrite) { try $0.writeAll(contents.utf8) }
        defer { discard(draft) }
        let former = try permissions == nil ? nil : keepFormer()
        defer { former.map(discard) }
        try draft.rename(to: path)
        try synchronizeFolder {
            if let former {
                try former.rename(to: path)
            } else {
                try FileManager.default.removeItem(atPath: path.string)
            }
        }
    }

    /// Gives the present file a second name, from which it can be restored.
    private func keepFormer() throws -> FilePath {
        let former = try newDraftPath()
        do throws(Errno) { try path.link(to: former) } catch {
            // Some file systems have no hard links, and the system may refuse one to a file of another user.
            try FileManager.default.copyItem(atPath: path.string, toPath: former.string)
        }
        return former
    }

    /// Creates the file, with access for its owner only, from memory that is cleared after use.
    ///
    /// - Throws: `Errno.fileExists` if there already is a file with this name; that file is unchanged.
    func create(_ contents: SecretBytes) throws {
        try create { descriptor in
            guard contents.write(to: descriptor.rawValue) else { throw Errno.last }
        }
    }

    /// Creates the file, with access for its owner only. Throws the same errors.
    func create(_ contents: String) throws {
        try create { try $0.writeAll(contents.utf8) }
    }

    private func create(_ write: (FileDescriptor) throws -> Void) throws {
        let draft = try writeDraft(permissions: .ownerReadWrite, write)
        defer { discard(draft) }
        try naming.name(draft, path)
        try synchronizeFolder { try FileManager.default.removeItem(atPath: path.string) }
    }

    /// Checks that files can be created in the folder: writes a draft and removes it.
    func probe() throws {
        let draft = try writeDraft(permissions: .ownerReadWrite) { _ in }
        try FileManager.default.removeItem(atPath: draft.string)
    }

    /// Removes the file and synchronises the folder.
    func remove() throws {
        let former = try newDraftPath()
        try path.rename(to: former)
        try synchronizeFolder { try former.rename(to: path) }
        do {
            try FileManager.default.removeItem(atPath: former.string)
        } catch {
            try? former.rename(to: path)
            throw error
        }
        // The folder is synchronised again, so that the contents do not reappear after a power failure.
        try synchronizeFolder { throw Errno.notSupported }
    }

    /// Removes drafts that a killed command left behind. The caller must hold the folder's lock.
    static func removeDrafts(in folder: FilePath) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        for name in names where name.hasPrefix(draftPrefix) {
            try? FileManager.default.removeItem(atPath: folder.appending(name).string)
        }
    }

    /// Creates a new file in the same folder (O_EXCL), fills it with `write` and synchronises it.
    private func writeDraft(
        permissions: FilePermissions, _ write: (FileDescriptor) throws -> Void
    ) throws -> FilePath {
        let draft = try newDraftPath()
        let descriptor = try FileDescriptor.open(
            draft, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        do {
            try descriptor.closeAfter {
                try write(descriptor)
                // A file that root edits must stay readable for the service's own user.
                if RunningProcess.isRoot, let owner = (try? path.stat()) ?? (try? path.folder.stat()) {
                    descriptor.giveAway(to: owner.userID.rawValue, owner.groupID.rawValue)
                }
                try descriptor.setPermissions(permissions)
                try descriptor.synchronize()
            }
        } catch {
            discard(draft)
            throw error
        }
        return draft
    }

    private func newDraftPath() throws -> FilePath {
        let suffix = try RandomBytes.make(8).map { String($0, radix: 16) }.joined()
        return path.folder.appending("\(Self.draftPrefix)\(suffix)")
    }

    private func discard(_ path: FilePath) {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// Synchronises the folder. If that fails, `undo` restores the former state, so that a caller can rely on a
    /// reported failure: nothing has changed.
    ///
    /// - Throws: ``UnconfirmedChange`` if `undo` fails too.
    private func synchronizeFolder(orElse undo: () throws -> Void) throws {
        do {
            let descriptor = try FileDescriptor.open(path.folder, .readOnly, options: [.directory, .closeOnExec])
            try descriptor.closeAfter { try descriptor.synchronize() }
        } catch {
            do { try undo() } catch _ { throw UnconfirmedChange(path, error) }
            throw error
        }
    }
}

/// A change that was made and could not be undone, and that a power failure may still lose.
struct UnconfirmedChange: Error, CustomStringConvertible {
    private let path: FilePath
    private let reason: SystemReason

    init(_ path: FilePath, _ error: any Error) {
        self.path = path
        reason = SystemReason(error)
    }

    var description: String { "\(path): is changed, but the disk did not confirm it: \(reason)" }
}
