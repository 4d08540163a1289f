import Foundation
import ServiceFiles
import SystemPackage

/// What the keys folder, the clients file and those of TLS look like from outside. It changes whenever one of them does.
///
/// It is compared once in a while instead of asking the system for events: that works alike on an ordinary folder, on a
/// network file system and on a Kubernetes mount, where a symlink is swapped and the files themselves never change.
struct WatchedFiles: Equatable, Sendable {
    private struct Entry: Equatable {
        let name: String
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
        // Contents that were put back with their old time, and an owner that changed, show here.
        let changeSeconds: Int
        let changeNanoseconds: Int
        // Two changes within one tick of the system's clock show here.
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
            // Links are followed: what they lead to is what is read.
            guard let status = try? path.stat() else { return nil }
            return Entry(
                name: path.string, device: UInt64(status.deviceID.rawValue), inode: UInt64(status.inode.rawValue),
                size: status.size, seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec),
                changeSeconds: Int(status.st_ctim.tv_sec), changeNanoseconds: Int(status.st_ctim.tv_nsec),
                mode: UInt32(status.mode.rawValue))
        }
    }
}
