package import AccessToken
import Libcrypto
import Logging
package import ServiceFiles
import SystemPackage
import WireText

extension TLSIdentity {
    /// What clients refuse about the certificates: they have ended or not begun, they are weak, or they do not name the
    /// host of the issuer.
    package func warnings(for issuer: Issuer, now: NumericDate) -> [Problem] {
        certificates.enumerated().flatMap { index, certificate in
            certificate.faults(isFirst: index == 0, for: issuer, now: now).map { fault in
                let subject = index == 0 ? "the certificate" : "certificate \(index + 1), \(certificate.subject),"
                return Problem(
                    .file(certificateFile.string, line: nil), "\(subject) \(fault.message)", hint: fault.hint)
            }
        }
    }
}

extension Certificate {
    /// A fault, and what the operator can do about it.
    typealias Fault = (message: String, hint: String)

    /// - Parameter isFirst: whether it is the service's own. Others only lead from it to a root.
    fileprivate func faults(isFirst: Bool, for issuer: Issuer, now: NumericDate) -> [Fault] {
        var faults: [Fault] = []
        let renewal = "put a new one in its place: it is used within 2 seconds"
        let (start, end) = (NumericDate(start), NumericDate(end))
        if end < now { faults.append(("ended at \(end.rfc3339)", renewal)) }
        if now < start {
            faults.append(("is not valid before \(start.rfc3339)", "is the clock of this machine right?"))
        }
        if let rsaBits, rsaBits < 2048 {
            faults.append(("has an RSA key of \(rsaBits) bits, which clients refuse", "2048 bits or more, or P-256"))
        } else if securityBits < 112 {
            faults.append(("has a key of a size or kind that clients refuse", "RSA with 2048 bits or more, or P-256"))
        }
        // A root is trusted by itself: clients do not check its signature.
        if let signatureHash, Self.weakHashes.contains(signatureHash), isFirst || !isSelfIssued {
            faults.append(("is signed with \(signatureHash), which clients refuse", "have it signed with SHA-256"))
        }
        if isFirst, issuer.isSecure, let host = issuer.host, !isCertificate(ofHost: host) {
            faults.append(
                ("does not name the issuer's host, \(host)", "its subjectAltName must have the host; clients check it"))
        }
        return faults
    }

    /// Hashes with known collisions, by libcrypto's names.
    private static let weakHashes = ["MD2", "MD4", "MD5", "MD5-SHA1", "SHA1"]
}

extension Issuer {
    /// The host without brackets and without a dot at its end.
    fileprivate var host: String? {
        guard let uri = try? AbsoluteURI(description), let origin = try? HTTPOrigin(of: uri) else { return nil }
        let host = Octets(origin.hostWithoutBrackets)
        return host.ends(with: ".") ? host.dropLast().text : host.text
    }
}

/// Warns of certificates that clients refuse: when they are loaded, and once a day after that.
struct CertificateWatch {
    private static let interval: Duration = .seconds(86400)

    private var warnedAt: NumericDate?

    /// - Parameter isNew: whether the files were just loaded.
    mutating func look(
        _ identity: TLSIdentity?, issuer: Issuer, isNew: Bool = false, now: NumericDate, logger: Logger
    ) {
        if let warnedAt, !isNew, warnedAt <= now, now < warnedAt + Self.interval { return }
        warnedAt = now
        for warning in identity?.warnings(for: issuer, now: now) ?? [] { logger.warning("\(warning)") }
    }
}
