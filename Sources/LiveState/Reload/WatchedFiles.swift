import Foundation
import ServiceFiles
import SystemPackage

/// The file attributes of the keys folder, the clients file and the TLS files. They change whenever one of the files
/// does.
///
/// Writ polls them instead of subscribing to file system events: polling works alike on an ordinary folder, on a
/// network file system and on a Kubernetes mount. A Kubernetes mount swaps a symlink; the files themselves never
/// change.
struct WatchedFiles: Equatable, Sendable {
    private struct Entry: Equatable {
        let name: String
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
        // The change time reveals contents that were restored with their old modification time, and a new owner.
        let changeSeconds: Int
        let changeNanoseconds: Int
        // The mode reveals a second change within one tick of the system's clock.
        let mode: UInt32
    }

    private let entries: [Entry]

    init(of configuration: ServiceConfiguration) {
        let folder = configuration.keysFolder
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        var paths = names.filter { !$0.hasPrefix(".") }.sorted().map { folder.appending($0) }
        paths += [folder, configuration.clientsFile] + (configuration.keysPassphraseFile.map { [$0] } ?? [])
        paths += configuration.tls.files
        entries = paths.compactMap { path in
            // Links are followed, as they are when the files are read.
            guard let status = try? path.stat() else { return nil }
            return Entry(
                name: path.string, device: UInt64(status.deviceID.rawValue), inode: UInt64(status.inode.rawValue),
                size: status.size, seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec),
                changeSeconds: Int(status.st_ctim.tv_sec), changeNanoseconds: Int(status.st_ctim.tv_nsec),
                mode: UInt32(status.mode.rawValue))
        }
    }
}
