public import AccessToken
import Foundation
public import JOSE
public import RemoteKeys

/// Where a verifier has the issuer's keys from.
public struct KeySource: Sendable {
    enum Kind {
        case fixed(VersionedKeySet)
        case remote(RemoteKeySet)
    }

    let kind: Kind

    /// A set that does not change.
    public static func fixed(_ keys: JWKSet) -> KeySource {
        KeySource(kind: .fixed(VersionedKeySet(keys: keys)))
    }

    /// A set that somebody else keeps.
    public static func remote(_ keys: RemoteKeySet) -> KeySource {
        KeySource(kind: .remote(keys))
    }

    /// The set behind a URL.
    ///
    /// - Parameter reportFailure: told of each fetch that failed, also where there is an older set to go on with.
    /// - Throws: ``KeySetFetchError/insecureURL``; nothing is fetched yet.
    public static func url(
        _ url: String, caching: KeySetCaching = .standard,
        reportFailure: @escaping @Sendable (KeySetFetchError) -> Void = { _ in }
    ) throws(KeySetFetchError) -> KeySource {
        .remote(RemoteKeySet(try KeySetFetcher(url: url), caching: caching, reportFailure: reportFailure))
    }

    /// The set that the issuer's metadata names, RFC 8414.
    ///
    /// - Parameter reportFailure: as above.
    public static func discovery(
        from issuer: Issuer, caching: KeySetCaching = .standard,
        reportFailure: @escaping @Sendable (KeySetFetchError) -> Void = { _ in }
    ) -> KeySource {
        .remote(
            RemoteKeySet(caching: caching, reportFailure: reportFailure) { () throws(KeySetFetchError) in
                try await IssuerMetadata(of: issuer).keySet.fetch()
            })
    }

    /// The set in a file, which is read again every minute, and at once for a key that it lacks.
    ///
    /// - Parameter reportFailure: as above.
    public static func file(
        _ path: String, caching: KeySetCaching = KeySetCaching(coolDown: .seconds(1)),
        reportFailure: @escaping @Sendable (KeySetFetchError) -> Void = { _ in }
    ) -> KeySource {
        .remote(
            RemoteKeySet(caching: caching, reportFailure: reportFailure) { () throws(KeySetFetchError) in
                FetchedKeySet(keys: try JWKSet(readingFile: path), maximumAge: .seconds(60))
            })
    }
}

extension JWKSet {
    fileprivate init(readingFile path: String) throws(KeySetFetchError) {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: BoundedDownload.maximumSize + 1) ?? Data()
        } catch {
            throw .unreadableFile((error as NSError).localizedDescription)
        }
        guard data.count <= BoundedDownload.maximumSize else { throw .tooLarge }
        do throws(JWKSetError) { try self.init(reading: Array(data)) } catch { throw .notAKeySet(error) }
    }
}
