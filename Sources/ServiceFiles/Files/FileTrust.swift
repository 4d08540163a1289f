import SystemPackage

/// Whether other users can write to a file or folder that decides something.
enum FileTrust: Equatable {
    /// Only root and the owner can write to it.
    case trusted
    /// Its group can write to it. Private groups make this common.
    case groupWritable
    /// Every user can write to it.
    case worldWritable
    /// It belongs to a user who is neither root nor the user of the service.
    case foreign(owner: UInt32)

    /// - Parameters:
    ///   - user: the user that this program runs as.
    ///   - isReadOnly: whether it is on a mount that this program cannot write to. Kubernetes mounts Secrets and
    ///     ConfigMaps in this way, with folders of mode 1777.
    init(
        owner: UInt32, permissions: FilePermissions, owners: FileOwners, user: UInt32,
        isReadOnly: @autoclosure () -> Bool
    ) {
        let isForeign = owners == .rootAndOwn && owner != 0 && owner != user
        if permissions.contains(.otherWrite) {
            self = isReadOnly() ? .trusted : .worldWritable
        } else if isForeign {
            self = isReadOnly() ? .trusted : .foreign(owner: owner)
        } else if permissions.contains(.groupWrite) {
            self = isReadOnly() ? .trusted : .groupWritable
        } else {
            self = .trusted
        }
    }
}

/// A file or folder that is not read, because another user can change what it decides.
struct UntrustedFile: Error, Equatable {
    /// The file, or a folder that holds it.
    let path: FilePath
    private let trust: FileTrust
    private let user: UInt32

    /// - Returns: `nil` if `trust` is no reason to refuse the file.
    init?(_ path: FilePath, _ trust: FileTrust, user: UInt32) {
        switch trust {
        case .trusted, .groupWritable: return nil
        case .worldWritable, .foreign: break
        }
        self.path = path
        self.trust = trust
        self.user = user
    }

    /// The problem that stands for this error.
    var problem: Problem {
        let place = Problem.Place.file(path.string, line: nil)
        guard case .foreign(let owner) = trust else {
            return Problem(place, "can be changed by every user of this machine", hint: "chmod o-w \(path)")
        }
        return Problem(
            place, "belongs to user \(owner), who is neither root nor the user of this process (\(user))",
            hint: "chown \(user) \(path), or run writ as user \(owner)")
    }
}
