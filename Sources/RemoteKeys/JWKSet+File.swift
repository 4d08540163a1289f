package import JOSE
import NIOPosix

extension JWKSet {
    /// Reads the set in a file, on a thread that may wait for a disk.
    package static func read(file path: String) async throws(DocumentFetchError) -> JWKSet {
        let octets: [UInt8]?
        do {
            octets = try await NIOThreadPool.singleton.runIfActive {
                try OpenFile.contents(of: path, limit: DocumentDownload.maximumSize)
            }
        } catch {
            throw DocumentFetchError(.unreadableFile, "\(error)")
        }
        guard let octets else { throw DocumentFetchError(.tooLarge) }
        return try JWKSet(decoding: octets)
    }
}
