import Foundation
import Libcrypto
import SystemPackage

/// A file that is whole whenever anybody looks: written beside its place, synchronised, then moved there.
struct DurableFile {
    private static let draftPrefix = ".writ-draft-"

    let path: FilePath

    /// Puts `contents` in place of what is there, with the permissions of what is there.
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

    /// A second name for what is there.
    private func keepFormer() throws -> FilePath {
        let former = try newDraftPath()
        do {
            try FileManager.default.linkItem(atPath: path.string, toPath: former.string)
        } catch {
            // There are file systems without links, and the system may refuse one to a file of somebody else's.
            try FileManager.default.copyItem(atPath: path.string, toPath: former.string)
        }
        return former
    }

    /// Creates the file for its owner alone, from memory that will be cleared.
    ///
    /// - Throws: `Errno.fileExists` where a file has the name; that file stays as it is.
    func create(_ contents: SecretBytes) throws {
        try create { descriptor in
            guard contents.write(to: descriptor.rawValue) else { throw Errno.last }
        }
    }

    /// Creates the file for its owner alone; throws as above.
    func create(_ contents: String) throws {
        try create { try $0.writeAll(contents.utf8) }
    }

    private func create(_ write: (FileDescriptor) throws -> Void) throws {
        let draft = try writeDraft(permissions: .ownerReadWrite, write)
        defer { discard(draft) }
        do {
            try FileManager.default.linkItem(atPath: draft.string, toPath: path.string)
        } catch {
            if (try? path.stat(followTargetSymlink: false)) != nil { throw Errno.fileExists }
            throw error
        }
        try synchronizeFolder { try FileManager.default.removeItem(atPath: path.string) }
    }

    /// Writes a draft beside the place of the file, and removes it.
    func probe() throws {
        let draft = try writeDraft(permissions: .ownerReadWrite) { _ in }
        try FileManager.default.removeItem(atPath: draft.string)
    }

    /// Removes the file for good.
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
        // Not only its name is gone: what it held must not come back after a power cut.
        try synchronizeFolder { throw Errno.notSupported }
    }

    /// Removes drafts that a killed command left behind. The folder's lock must be held.
    static func removeDrafts(in folder: FilePath) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        for name in names where name.hasPrefix(draftPrefix) {
            try? FileManager.default.removeItem(atPath: folder.appending(name).string)
        }
    }

    /// Creates a new file in the same folder, O_EXCL, and synchronises what `write` puts there.
    private func writeDraft(
        permissions: FilePermissions, _ write: (FileDescriptor) throws -> Void
    ) throws -> FilePath {
        let draft = try newDraftPath()
        let descriptor = try FileDescriptor.open(
            draft, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        do {
            try descriptor.closeAfter {
                try write(descriptor)
                // What root edits stays readable for the service's own user.
                if RunningProcess.isRoot, let owner = (try? path.stat()) ?? (try? folder.stat()) {
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
        return folder.appending("\(Self.draftPrefix)\(suffix)")
    }

    private func discard(_ path: FilePath) {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// Where the disk refuses, `undo` puts back what was there: whoever is told that nothing was done can rely on it.
    ///
    /// - Throws: ``UnconfirmedChange`` where that does not work either.
    private func synchronizeFolder(orElse undo: () throws -> Void) throws {
        do {
            let descriptor = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
            try descriptor.closeAfter { try descriptor.synchronize() }
        } catch {
            do { try undo() } catch _ { throw UnconfirmedChange(path, error) }
            throw error
        }
    }

    private var folder: FilePath {
        let folder = path.removingLastComponent()
        return folder.isEmpty ? "." : folder
    }
}

/// A change that is made, but may be lost in a power cut, and that could not be taken back.
struct UnconfirmedChange: Error, CustomStringConvertible {
    private let path: FilePath
    private let reason: SystemReason

    init(_ path: FilePath, _ error: any Error) {
        self.path = path
        reason = SystemReason(error)
    }

    var description: String { "\(path): is changed, but the disk did not confirm it: \(reason)" }
}
