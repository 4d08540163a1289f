import Foundation
package import SystemPackage

/// The attributes of a file that change whenever the file does.
package struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int
    // The change time reveals contents that were restored with their old modification time, and a new owner.
    private let changeSeconds: Int
    private let changeNanoseconds: Int
    // The mode reveals a second change within one tick of the system's clock.
    private let mode: UInt32

    /// - Returns: `nil` if there is no such file. Links are followed, as they are when a file is read.
    package init?(_ path: FilePath) {
        guard let status = try? path.stat() else { return nil }
        device = UInt64(status.deviceID.rawValue)
        inode = UInt64(status.inode.rawValue)
        size = status.size
        seconds = Int(status.st_mtim.tv_sec)
        nanoseconds = Int(status.st_mtim.tv_nsec)
        changeSeconds = Int(status.st_ctim.tv_sec)
        changeNanoseconds = Int(status.st_ctim.tv_nsec)
        mode = UInt32(status.mode.rawValue)
    }
}
