package import AccessToken
import Libcrypto
package import OAuth
package import ServiceFiles
import Synchronization
import SystemPackage

/// The authorities that certificates of clients are verified by: `tls.client_ca`. It caches what it has verified, so that a
/// client costs the checks of its signatures once. A changed file makes a new object, which has verified nothing.
package final class ClientAuthorities: Sendable {
    /// The most certificates that are cached in each of two generations.
    private static let mostVerified = 1024
    /// The most intermediate certificates that are kept: the authorities of an operator have a few.
    private static let mostIntermediates = 64
    /// For how many seconds a refusal holds: a client that repeats its request costs no further signature checks.
    private static let patience: Int64 = 5

    /// A cached certificate, by the digest of it.
    private struct State {
        var verified = TwoGenerationCache<[UInt8], Range<Int64>>(capacity: mostVerified)
        /// Those that were refused, by the digest of all that the client presented, with the second until which that holds.
        var refused = TwoGenerationCache<[UInt8], (error: CertificatePathError, end: Int64)>(capacity: mostVerified)
        /// Those that an authority has signed, by their DER.
        var intermediates: [(der: [UInt8], certificate: Certificate)] = []
    }

    let certificates: [Certificate]
    private let anchors: TrustAnchors
    private let contents: [UInt8]
    private let state = Mutex(State())

    /// - Parameter former: returned if the file is unchanged.
    /// - Throws: the problems with the file, each with its line.
    static func load(
        _ file: CertificateAuthoritiesFile, former: ClientAuthorities?
    ) throws(InvalidConfiguration) -> ClientAuthorities {
        let contents: [UInt8]
        do throws(UnusableFile) { contents = try file.contents() } catch { throw InvalidConfiguration([error.problem]) }
        if let former, former.contents == contents { return former }
        let certificates: [Certificate]
        do throws(CertificateError) { certificates = try Certificate.readAll(pem: contents.span) } catch {
            throw InvalidConfiguration([file.problem(error, in: contents)])
        }
        let problems = certificates.enumerated().filter { !$0.element.isAuthority }.map { index, certificate in
            file.problem(
                withCertificate: index + 1, of: contents,
                "\(certificate.subject) is not the certificate of an authority",
                hint: "certificates of clients belong in no file: client_ca has those that sign them")
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        do throws(LibcryptoError) {
            return ClientAuthorities(certificates, try TrustAnchors(certificates), contents)
        } catch {
            throw InvalidConfiguration([file.unusable("\(error)").problem])
        }
    }

    private init(_ certificates: [Certificate], _ anchors: TrustAnchors, _ contents: [UInt8]) {
        self.certificates = certificates
        self.anchors = anchors
        self.contents = contents
    }

    /// Verifies certificates of clients, RFC 8705 section 2.1.
    package var path: CertificatePathCheck {
        CertificatePathCheck { [self] certificate, presented, now in fault(of: certificate, presented, now) }
    }

    private func fault(
        of certificate: Certificate, _ presented: PresentedCertificate, _ now: NumericDate
    ) -> CertificatePathError? {
        guard let digest = try? HashFunction.sha256.digest(of: presented.der.span) else { return .failure }
        if state.withLock({ $0.verified[digest] })?.contains(now.seconds) == true { return nil }
        let whole = presented.der + presented.intermediates.flatMap(\.self)
        guard let wholeDigest = try? HashFunction.sha256.digest(of: whole.span) else { return .failure }
        let (refused, kept) = state.withLock { ($0.refused[wholeDigest], $0.intermediates.map(\.certificate)) }
        if let refused, (refused.end - Self.patience..<refused.end).contains(now.seconds) { return refused.error }
        let others = presented.intermediates.compactMap { try? Certificate(der: $0.span) }
        do throws(CertificatePathError) {
            let times = try anchors.verify(certificate, through: others + kept, for: .client, at: now.seconds)
            state.withLock { _ = $0.verified.insert(times, for: digest) }
            return nil
        } catch {
            if error != .failure {
                state.withLock { _ = $0.refused.insert((error, now.seconds + Self.patience), for: wholeDigest) }
            }
            return error
        }
    }

    /// Keeps the intermediate certificates that a client of the authorities has presented in a handshake: a resumed connection
    /// (RFC 8446 section 2.2) has the client's own certificate alone. The client's own certificate is verified first, so that
    /// those of a stranger cost one search for a path, and fill no memory.
    ///
    /// - Parameter presented: in DER, the client's own first.
    package func keepIntermediates(of presented: [[UInt8]], now: NumericDate) {
        let intermediates = presented.dropFirst().prefix(TrustAnchors.mostIntermediates)
        let unknown = state.withLock { state in
            intermediates.filter { der in !state.intermediates.contains { $0.der == der } }
        }
        guard !unknown.isEmpty, let own = presented.first, let certificate = try? Certificate(der: own.span),
            fault(of: certificate, PresentedCertificate(der: own, intermediates: Array(presented.dropFirst())), now)
                == nil
        else { return }
        let certificates = intermediates.compactMap { der in (try? Certificate(der: der.span)).map { (der, $0) } }
        for (der, certificate) in certificates where unknown.contains(der) {
            let others = certificates.map(\.1)
            guard (try? anchors.verify(certificate, through: others, for: .authority, at: now.seconds)) != nil else {
                continue
            }
            state.withLock { state in
                guard !state.intermediates.contains(where: { $0.der == der }) else { return }
                if state.intermediates.count >= Self.mostIntermediates { state.intermediates.removeFirst() }
                state.intermediates.append((der, certificate))
                // What lacked it may be verified now.
                state.refused = TwoGenerationCache(capacity: Self.mostVerified)
            }
        }
    }

    /// How many intermediate certificates are kept.
    var intermediateCount: Int { state.withLock { $0.intermediates.count } }
}

extension ServiceConfiguration {
    /// Loads the authorities, or returns `nil` if no client needs any.
    package func clientAuthorities(former: ClientAuthorities? = nil) throws(InvalidConfiguration) -> ClientAuthorities?
    {
        guard let clientCAFile else { return nil }
        return try ClientAuthorities.load(CertificateAuthoritiesFile(clientCAFile, access), former: former)
    }
}
