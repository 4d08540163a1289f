import AccessToken
import AsyncHTTPClient
import WireText

/// The proxy of outgoing https requests, and the hosts that are reached without it: `HTTPS_PROXY` and `NO_PROXY`.
struct ProxyRules: Sendable {
    private let server: Result<ProxyServer, InvalidValue>?
    private let exceptions: [Exception]
    /// What an operator sets: the name of the variable, or of a setting.
    let name: String

    /// - Parameters:
    ///   - server: the value of `HTTPS_PROXY`; empty or `nil` for none.
    ///   - exceptions: the value of `NO_PROXY`: hosts, domains and address blocks, separated by commas; `*` for all.
    ///   - name: what an operator sets.
    init(server: String?, exceptions: String?, name: String = "HTTPS_PROXY") {
        self.name = name
        let value = Octets(server ?? "").trimmed
        if value.isEmpty {
            self.server = nil
        } else {
            do throws(InvalidValue) { self.server = .success(try ProxyServer(value)) } catch {
                self.server = .failure(error)
            }
        }
        self.exceptions = Octets(exceptions ?? "").parts(between: ",").map(\.trimmed).filter { !$0.isEmpty }
            .map(Exception.init)
    }

    /// The proxy for a server; `nil` if it is reached directly.
    ///
    /// - Parameter host: in lower case, without brackets.
    /// - Throws: if `HTTPS_PROXY` is malformed, for each host that no exception names.
    func proxy(host: String, port: Int) throws(InvalidValue) -> ProxyServer? {
        guard let server else { return nil }
        let address = IPAddress(host)
        if exceptions.contains(where: { $0.covers(host, address, port: port) }) { return nil }
        return try server.get()
    }

    /// One element of `NO_PROXY`, as curl and Go read it.
    private enum Exception {
        case everything
        /// A host and all below it. A dot before it, or `*.`, says the same.
        case domain(String, port: Int?)
        case block(IPNetwork)

        init(_ text: Octets) {
            if text.isSame(as: "*") {
                self = .everything
            } else if let block = try? IPNetwork(text.text) {
                self = .block(block)
            } else {
                let (head, tail) = text.splitFromRight(at: ":")
                let port = head == nil ? nil : tail.decimal
                var name = port == nil ? text : head ?? text
                if name.begins(with: "*.") { name = name.dropFirst() }
                if name.begins(with: ".") { name = name.dropFirst() }
                self = .domain(name.lowercased, port: port)
            }
        }

        func covers(_ host: String, _ address: IPAddress?, port: Int) -> Bool {
            switch self {
            case .everything: return true
            case .block(let block): return address.map(block.contains) ?? false
            case .domain(let name, let ownPort):
                guard ownPort == nil || ownPort == port, !name.isEmpty else { return false }
                let host = Octets(host)
                // Below it: `a.example.com` of `example.com`, and never `badexample.com`. An address has nothing below it.
                return host.isSame(as: name) || address == nil && host.ends(with: "." + name)
            }
        }
    }
}

/// A proxy that opens tunnels, RFC 9110 section 9.3.6.
struct ProxyServer: Sendable, Hashable {
    let host: String
    let port: Int
    /// The part before the `@`; it is never shown.
    private let user: String?
    private let password: String?

    /// - Parameter text: `http://host:port`, with `user:password@` before the host if the proxy asks for it. Without a scheme
    ///   it is http.
    init(_ text: Octets) throws(InvalidValue) {
        let unreadable = InvalidValue("is not the URL of a proxy such as http://proxy.example.com:3128")
        var rest = text
        if let scheme = Self.scheme(of: text) {
            guard scheme.isSameIgnoringCase(as: "http") else {
                throw InvalidValue("names a proxy that is not http: only http://host:port can be used")
            }
            rest = text.dropFirst(scheme.count + 3)
        }
        while rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        let (credentials, authority) = rest.splitFromRight(at: "@")
        let origin: HTTPOrigin
        do throws(InvalidValue) { origin = try HTTPOrigin(of: try AbsoluteURI("http://\(authority.text)")) } catch {
            throw unreadable
        }
        guard !authority.contains(ascii: "/") else { throw unreadable }
        host = origin.hostWithoutBrackets
        port = origin.port.map { Int($0) } ?? 80
        guard let credentials else {
            (user, password) = (nil, nil)
            return
        }
        let (name, secret) = credentials.split(at: ":")
        guard let user = name.percentDecoded, let password = (secret ?? Octets("")).percentDecoded else {
            throw unreadable
        }
        (self.user, self.password) = (user, password)
    }

    /// As the HTTP client takes it.
    var setting: HTTPClient.Configuration.Proxy {
        guard let user, let password else { return .server(host: host, port: port) }
        return .server(host: host, port: port, authorization: .basic(username: user, password: password))
    }

    /// The part before `://`; `nil` if there is none.
    private static func scheme(of text: Octets) -> Octets? {
        let (head, tail) = text.split(at: ":")
        return tail?.begins(with: "//") == true ? head : nil
    }
}
