import AccessToken
import WireText

/// The way to the server of a URL.
struct OutgoingRoute {
    let isSecure: Bool
    /// As a resolver takes it: an IPv6 address without brackets.
    let host: String
    /// 1 to 65535
    let port: Int
    /// `nil` for a direct connection.
    let proxy: ProxyServer?

    /// - Throws: ``ConnectionFailure/Code/proxy`` if the variable that names the proxy is malformed: the request must not go
    ///   past the proxy.
    init(to url: String, _ rules: ProxyRules = .ofEnvironment) throws(ConnectionFailure) {
        let origin: HTTPOrigin
        do throws(InvalidValue) { origin = try HTTPOrigin(of: try AbsoluteURI(url)) } catch {
            throw ConnectionFailure(.other, "the URL \(error)")
        }
        isSecure = origin.isSecure
        host = origin.hostWithoutBrackets
        port = Int(origin.effectivePort)
        // A proxy is of no use for this machine itself, and only https has one: http is for loopback hosts and collectors.
        guard origin.isSecure, !origin.isLoopback else {
            proxy = nil
            return
        }
        do throws(InvalidValue) { proxy = try rules.proxy(host: self.host, port: port) } catch {
            throw ConnectionFailure(.proxy, "the proxy of \(rules.name) \(error)")
        }
    }
}
