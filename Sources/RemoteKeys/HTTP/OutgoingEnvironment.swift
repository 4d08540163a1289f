import Foundation
import WireText

extension ProxyRules {
    /// `HTTPS_PROXY` and `NO_PROXY`, or the same in lower case, which counts first.
    static let ofEnvironment: ProxyRules = {
        let environment = ProcessInfo.processInfo.environment
        func value(_ names: String...) -> String? { names.compactMap { environment[$0] }.first { !$0.isEmpty } }
        return ProxyRules(server: value("https_proxy", "HTTPS_PROXY"), exceptions: value("no_proxy", "NO_PROXY"))
    }()
}

extension CertificateAuthorities {
    /// Those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; `nil` if neither is set.
    package static let ofEnvironment = CertificateAuthorities(environment: ProcessInfo.processInfo.environment)

    /// - Parameter environment: `SSL_CERT_FILE` is a file in PEM. `SSL_CERT_DIR` is a list of folders of such files,
    ///   separated by colons.
    convenience init?(environment: [String: String]) {
        let file = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        let folders = Octets(environment["SSL_CERT_DIR"] ?? "").parts(between: ":").filter { !$0.isEmpty }.map(\.text)
        guard file != nil || !folders.isEmpty else { return nil }
        self.init(name: folders.isEmpty ? "SSL_CERT_FILE: " : "SSL_CERT_DIR: ") {
            var sources: [Source] = []
            if let file {
                guard let text = Self.contents(of: file) else {
                    throw ConnectionFailure(.authorities, "SSL_CERT_FILE: \(file) cannot be read")
                }
                sources.append(Source(octets: text, name: "SSL_CERT_FILE: "))
            }
            for folder in folders {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                // What is no certificate in PEM is skipped: a folder of OpenSSL has revocation lists too.
                let texts = names.sorted().compactMap { Self.contents(of: "\(folder)/\($0)") }
                sources += texts.filter(Self.isCertificate).map { Source(octets: $0, isOptional: true) }
            }
            return sources
        }
    }

    /// Those of a file in PEM.
    convenience init(file: String) {
        self.init {
            guard let text = Self.contents(of: file) else {
                throw ConnectionFailure(.authorities, "\(file) cannot be read")
            }
            return [text]
        }
    }

    /// - Returns: `nil` if it is no file that can be read, and for more than 4 MiB.
    private static func contents(of path: String) -> [UInt8]? {
        (try? OpenFile.contents(of: path, limit: 4 << 20)) ?? nil
    }

    private static func isCertificate(_ text: [UInt8]) -> Bool {
        text.firstRange(of: Array("-----BEGIN CERTIFICATE-----".utf8)) != nil
    }
}
