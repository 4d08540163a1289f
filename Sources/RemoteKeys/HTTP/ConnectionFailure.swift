import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import WireText

/// Why a server gave no answer that can be used: by a name that an operator can look up.
package struct ConnectionFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        case refused
        case unknownHost
        case timedOut
        /// The server's certificate does not lead to a certificate authority that is trusted, or is out of its time.
        case untrustedCertificate
        /// The server's certificate is for other names than the host of the URL.
        case wrongName
        /// TLS failed for another reason.
        case handshake
        /// The connection ended before the answer did.
        case closed
        /// The proxy opened no tunnel, or cannot be used.
        case proxy
        /// The certificate authorities cannot be read.
        case authorities
        /// The client's own certificate or its key cannot be used.
        case identity
        /// More than ``HTTPAnswer/maximumSize`` octets, or than an exchange may take in all.
        case tooLarge
        case other
    }

    package let code: Code
    /// A human-readable reason, in the third person: "the connection was refused".
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Compares the codes.
    package static func == (one: Self, other: Self) -> Bool { one.code == other.code }

    /// Names an error of the HTTP client, or of a connection.
    package init(_ error: any Error) {
        switch error {
        case let failure as ConnectionFailure: self = failure
        case is Deadline.Exceeded, ChannelError.connectTimeout(_): self = .timedOut
        case is NIOTooManyBytesError:
            self.init(.tooLarge, "the answer is larger than \(HTTPAnswer.maximumSize) octets")
        case is OctetLimit.Exceeded:
            self.init(.tooLarge, "the answer takes more than \(HTTPAnswer.maximumExchange) octets with its framing")
        case let error as HTTPClientError: self.init(error)
        case let error as NIOConnectionError: self.init(error)
        case let error as IOError: self.init(error)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self.init(.wrongName, "its certificate is for another name")
        case NIOSSLError.handshakeFailed(let error): self.init(handshake: error)
        case NIOSSLError.uncleanShutdown, ChannelError.ioOnClosedChannel, ChannelError.eof: self = .closed
        case HTTPParserError.invalidEOFState: self = .closed
        case is HTTPParserError: self.init(.other, "the answer is not HTTP")
        default: self.init(.other, "\(error)")
        }
    }

    private static let timedOut = Self(.timedOut, "it took too long")
    private static let closed = Self(.closed, "the connection ended before the answer")

    private init(_ error: HTTPClientError) {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout, .getConnectionFromPoolTimeout,
            .deadlineExceeded, .readTimeout:
            self = .timedOut
        case .remoteConnectionClosed, .uncleanShutdown: self = .closed
        case .proxyAuthenticationRequired: self.init(.proxy, "the proxy of HTTPS_PROXY asks for credentials")
        case .invalidProxyResponse: self.init(.proxy, "the proxy of HTTPS_PROXY opened no tunnel")
        default: self.init(.other, error.shortDescription)
        }
    }

    private init(_ error: NIOConnectionError) {
        // Of several addresses of a host the last one that was tried.
        guard let last = error.connectionErrors.last else {
            self.init(.unknownHost, "the host is unknown")
            return
        }
        self.init(last.error)
    }

    private init(_ error: IOError) {
        switch error.errnoCode {
        case 111: self.init(.refused, "the connection was refused")
        case 104, 32: self = .closed
        case 110: self = .timedOut
        case 101, 113: self.init(.other, "the network leads to no such host")
        case 23, 24: self.init(.other, "this process has too many open files")
        default: self.init(.other, error.description)
        }
    }

    /// SwiftNIO shows no more of BoringSSL's error than its text, in which the reason is a word of its own table.
    private init(handshake error: BoringSSLError) {
        guard case .sslError(let errors) = error, let first = errors.first else {
            self.init(.handshake, "the TLS handshake failed")
            return
        }
        if errors.contains(.eofDuringHandshake) {
            self.init(.handshake, "the server ended the TLS handshake")
            return
        }
        let parts = Octets(first.description).parts(between: ":")
        let word = parts.count > 5 ? parts[5].prefix { $0 != UInt8(ascii: " ") } : Octets("")
        if word.isSame(as: "CERTIFICATE_VERIFY_FAILED") {
            self.init(.untrustedCertificate, "its certificate is not trusted, or has expired")
        } else {
            self.init(.handshake, word.isEmpty ? "the TLS handshake failed" : "the TLS handshake failed: \(word.text)")
        }
    }
}
