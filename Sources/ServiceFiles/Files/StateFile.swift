import Foundation
package import SystemPackage

/// The file of `state` as the file system has it: who may change it, how it is created, and how a damaged one is set aside.
/// What is in it is not read here.
package struct StateFile: Sendable {
    /// Which file a path names at a time.
    package struct Identity: Sendable, Equatable {
        fileprivate let device: UInt64
        fileprivate let file: UInt64
    }

    package let path: FilePath

    package init(_ path: FilePath) { self.path = path }

    /// The file that the path names now; `nil` if there is none, or no regular file.
    package var identity: Identity? {
        guard let status = try? path.stat(), status.type == .regular else { return nil }
        return Identity(device: UInt64(status.deviceID.rawValue), file: UInt64(status.inode.rawValue))
    }

    /// Creates the file if there is none, with access for its owner only, and checks that other users cannot change it.
    ///
    /// - Returns: the file, which is empty if it was created.
    package func prepare() throws(FileError) -> Identity {
        do {
            if (try? path.stat()) == nil { try create() }
            // A pipe or a device is never opened.
            guard let identity else { throw FileError(path, Reason("is not a file")) }
            try TrustedFile.open(path, .service).close()
            return identity
        } catch let error as FileError {
            throw error
        } catch let error as UntrustedFile {
            throw FileError(error.path, Reason(error.problem.message))
        } catch {
            throw FileError(path, error)
        }
    }

    private func create() throws {
        do {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite
            ).close()
        } catch Errno.fileExists {
            // Another replica has created it meanwhile.
        }
    }

    /// How many damaged files are kept, so that a broken disk does not fill itself with them.
    static let damagedLimit = 9
    /// What SQLite keeps beside the file. A journal that stayed would be applied to the next file.
    private static let companions = ["-journal", "-wal", "-shm"]

    /// Gives a damaged file another name, `state.sqlite.damaged-1` or the next that is free, so that a new one can be made.
    ///
    /// - Returns: the new name.
    package func setAside() throws(FileError) -> FilePath {
        let names = (1...Self.damagedLimit).map { FilePath("\(path).damaged-\($0)") }
        for name in names where (try? name.stat(followTargetSymlink: false)) == nil {
            do throws(Errno) {
                for suffix in Self.companions where (try? FilePath("\(path)\(suffix)").stat()) != nil {
                    try FilePath("\(path)\(suffix)").rename(to: FilePath("\(name)\(suffix)"))
                }
                try path.renameWithoutReplacing(to: name)
                return name
            } catch {
                guard error == .fileExists else { throw FileError(path, error) }
            }
        }
        throw FileError(
            path,
            Reason("is damaged, and \(Self.damagedLimit) damaged files are beside it already, which can be removed"))
    }

    /// What keeps a service of this user from using the file, found without a change to anything.
    package var warnings: [Problem] {
        let place = Problem.Place.file(path.string, line: nil)
        if let status = try? path.stat() {
            guard status.type == .regular else {
                return [Problem(place, "is not a file, so that last uses are lost at a restart", hint: Self.hint)]
            }
            do { try TrustedFile.open(path, .service).close() } catch let error as UntrustedFile {
                return [error.problem]
            } catch {
                let reason = SystemReason(error)
                return [Problem(place, "cannot be read, so that last uses are lost at a restart: \(reason)")]
            }
        }
        // SQLite keeps a journal beside the file.
        guard !FileManager.default.isWritableFile(atPath: path.folder.string) else { return [] }
        return [
            Problem(
                place, "is in a folder that the service cannot write to, so that last uses are lost at a restart",
                hint: Self.hint)
        ]
    }

    private static let hint = "state: /var/lib/writ/state.sqlite, in a folder that the service can write to"
}

private struct Reason: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
