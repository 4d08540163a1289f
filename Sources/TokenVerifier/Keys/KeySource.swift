public import AccessToken
import Foundation
public import JOSE
public import RemoteKeys

/// Where a verifier gets the issuer's public keys.
public struct KeySource: Sendable {
    enum Kind {
        case fixed(CachedDocument<JWKSet>)
        case remote(RemoteDocument<JWKSet>)
    }

    let kind: Kind

    /// A set that does not change.
    public static func fixed(_ keys: JWKSet) -> KeySource {
        KeySource(kind: .fixed(CachedDocument(value: keys)))
    }

    /// A set that another server publishes.
    public static func remote(_ keys: RemoteDocument<JWKSet>) -> KeySource {
        KeySource(kind: .remote(keys))
    }

    /// The set behind a URL.
    ///
    /// - Parameter reportFailure: called once for each fetch that failed, even if an older set can still be served.
    /// - Throws: ``DocumentFetchError/Code/insecureURL``. Nothing is fetched yet.
    public static func url(
        _ url: String, caching: DocumentCaching = .standard,
        reportFailure: @escaping @Sendable (DocumentFetchError) -> Void = { _ in }
    ) throws(DocumentFetchError) -> KeySource {
        .remote(.keySet(try DocumentDownload(url: url), caching: caching, reportFailure: reportFailure))
    }

    /// The set that the issuer's metadata names, RFC 8414.
    ///
    /// - Parameter reportFailure: as for a URL.
    public static func discovery(
        from issuer: Issuer, caching: DocumentCaching = .standard,
        reportFailure: @escaping @Sendable (DocumentFetchError) -> Void = { _ in }
    ) -> KeySource {
        .remote(
            .keySet(caching: caching, reportFailure: reportFailure) { () throws(DocumentFetchError) in
                try await IssuerMetadata.discover(issuer).keySet.fetchKeySet()
            })
    }

    /// The set in a file. It is read again every minute, and at once if it lacks a key.
    ///
    /// - Parameter reportFailure: as for a URL.
    public static func file(
        _ path: String, caching: DocumentCaching = DocumentCaching(coolDown: .seconds(1)),
        reportFailure: @escaping @Sendable (DocumentFetchError) -> Void = { _ in }
    ) -> KeySource {
        .remote(
            .keySet(caching: caching, reportFailure: reportFailure) { () throws(DocumentFetchError) in
                FetchedDocument(try JWKSet(readingFile: path), maximumAge: .seconds(60))
            })
    }
}

extension JWKSet {
    fileprivate init(readingFile path: String) throws(DocumentFetchError) {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: DocumentDownload.maximumSize + 1) ?? Data()
        } catch {
            throw DocumentFetchError(.unreadableFile, (error as NSError).localizedDescription)
        }
        guard data.count <= DocumentDownload.maximumSize else { throw DocumentFetchError(.tooLarge) }
        try self.init(decoding: Array(data))
    }
}
