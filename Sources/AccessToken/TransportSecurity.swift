/// The rule for URLs that may be fetched.
public enum TransportSecurity {
    /// Whether `url` is https, or http on a loopback host: a ``RemoteURL``.
    public static func isAcceptable(_ url: String) -> Bool {
        (try? RemoteURL(url)) != nil
    }

    /// Whether `url` is https.
    package static func isSecure(_ url: String) -> Bool {
        (try? HTTPOrigin(of: AbsoluteURI(url)))?.isSecure == true
    }
}
