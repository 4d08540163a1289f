import Foundation
import ServiceFiles
import SystemPackage

/// The attributes of the files of one part of the state. They change whenever one of the files does.
///
/// Writ polls them instead of subscribing to file system events: polling works alike on an ordinary folder, on a
/// network file system and on a Kubernetes mount. A Kubernetes mount swaps a symlink; the files themselves never
/// change.
struct WatchedFiles: Equatable, Sendable {
    private let stamps: [String: FileStamp]

    /// - Parameter paths: files, and folders that are watched for changes of their names.
    init(_ paths: [FilePath]) {
        stamps = Dictionary(paths.compactMap { path in FileStamp(path).map { (path.string, $0) } }) { first, _ in first
        }
    }

    /// The same for other files: those that were looked at are as they were then, further ones as they are now.
    func with(_ other: WatchedFiles) -> WatchedFiles {
        WatchedFiles(stamps: other.stamps.merging(stamps.filter { other.stamps[$0.key] != nil }) { _, first in first })
    }

    private init(stamps: [String: FileStamp]) { self.stamps = stamps }

    /// The files of a part.
    ///
    /// - Parameter issuerFiles: those that trusted issuers name.
    init(_ part: StatePart, of configuration: ServiceConfiguration, issuerFiles: [FilePath]) {
        switch part {
        // A change of these counts for the next connection to another server. They are watched so that a mistake is logged.
        case .configuration: self.init([configuration.file] + configuration.connectionFiles)
        case .issuers: self.init([configuration.issuersFile] + issuerFiles)
        case .clients: self.init(configuration.clients.watched)
        case .tls: self.init(configuration.tls.files + [configuration.clientCAFile].compactMap(\.self))
        case .keys:
            let folder = configuration.keysFolder
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
            let passphrase = configuration.keysPassphraseFile.map { [$0] } ?? []
            self.init(names.filter { !$0.hasPrefix(".") }.map { folder.appending($0) } + [folder] + passphrase)
        }
    }
}
