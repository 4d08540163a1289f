import CLibcrypto

/// The certificates that a path of certificates may end at, RFC 5280 section 6.1.1 (d). A path may end at an intermediate
/// authority that is among them, without its root.
@safe
public final class TrustAnchors: @unchecked Sendable {
    // Sendable: an X509_STORE has a lock of its own and is not changed after initialisation.
    private let store: OpaquePointer

    /// What a certificate must be good for.
    public enum Purpose: Sendable {
        /// To be a client of TLS: `clientAuth` if it has extKeyUsage, RFC 5280 section 4.2.1.12.
        case client
        /// To sign other certificates.
        case authority
    }

    /// The most certificates between the first one and the anchor.
    public static let mostIntermediates = 8

    /// - Throws: if libcrypto has no memory.
    public init(_ certificates: [Certificate]) throws(LibcryptoError) {
        let store = try unsafe check(X509_STORE_new(), "allocate memory")
        for certificate in certificates {
            let status = unsafe certificate.withUnsafePointer { unsafe X509_STORE_add_cert(store, $0) }
            guard status == 1 else {
                unsafe X509_STORE_free(store)
                throw LibcryptoError(drainingQueueFor: "add a certificate")
            }
        }
        unsafe self.store = store
    }

    deinit { unsafe X509_STORE_free(store) }

    /// Looks for a path from a certificate to one of the anchors and checks it by RFC 5280 section 6.1: signatures, times,
    /// basic constraints, key usage and name constraints. Keys and hashes must have 112 bits of strength (NIST SP 800-57).
    /// Revocation is not checked.
    ///
    /// - Parameters:
    ///   - others: certificates that may be part of the path.
    ///   - now: in seconds since 1970-01-01T00:00:00Z.
    /// - Returns: the times at which the path is valid, as far as the dates of its certificates say.
    public func verify(
        _ certificate: Certificate, through others: [Certificate], for purpose: Purpose, at now: Int64
    ) throws(CertificatePathError) -> Range<Int64> {
        guard purpose == .client || certificate.isAuthority else { throw .notAnAuthority }
        defer { ERR_clear_error() }
        guard let context = unsafe X509_STORE_CTX_new() else { throw .failure }
        defer { unsafe X509_STORE_CTX_free(context) }
        guard let list = unsafe CLibcrypto_newCertificates() else { throw .failure }
        defer { unsafe CLibcrypto_freeCertificates(list) }
        for other in others {
            let status = unsafe other.withUnsafePointer { unsafe CLibcrypto_addCertificate(list, $0) }
            guard status == 1 else { throw .failure }
        }
        return try unsafe certificate.withUnsafePointer { (certificate) throws(CertificatePathError) in
            guard unsafe X509_STORE_CTX_init(context, store, certificate, list) == 1 else { throw .failure }
            unsafe Self.configure(context, purpose, now)
            guard unsafe X509_verify_cert(context) == 1 else {
                throw CertificatePathError(code: unsafe X509_STORE_CTX_get_error(context))
            }
            return try unsafe Self.validity(of: X509_STORE_CTX_get0_chain(context))
        }
    }

    private static func configure(_ context: OpaquePointer, _ purpose: Purpose, _ now: Int64) {
        let rules = unsafe X509_STORE_CTX_get0_param(context)
        unsafe X509_VERIFY_PARAM_set_flags(rules, UInt(X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST))
        unsafe X509_VERIFY_PARAM_set_time(rules, time_t(now))
        unsafe X509_VERIFY_PARAM_set_depth(rules, Int32(mostIntermediates))
        // Level 2 is 112 bits.
        unsafe X509_VERIFY_PARAM_set_auth_level(rules, 2)
        unsafe X509_STORE_CTX_set_purpose(context, purpose == .client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_ANY)
    }

    private static func validity(of path: OpaquePointer?) throws(CertificatePathError) -> Range<Int64> {
        var (start, end) = (Int64.min, Int64.max)
        for index in 0..<max(0, unsafe CLibcrypto_certificateCount(path)) {
            let certificate = unsafe CLibcrypto_certificate(path, index)
            start = max(start, unsafe Certificate.seconds(X509_get0_notBefore(certificate)))
            end = min(end, unsafe Certificate.seconds(X509_get0_notAfter(certificate)))
        }
        guard start < end else { throw .expired }
        return start..<end
    }
}

/// Why there is no valid path from a certificate to a trust anchor.
public enum CertificatePathError: Error, Sendable, Equatable {
    /// The time of the certificate, or of one that leads from it to the anchor, has ended.
    case expired
    /// It has not begun.
    case notYetValid
    /// No path leads to an anchor, or one of its certificates breaks a rule. The reason is `X509_V_ERR_*` of libcrypto.
    case untrusted(reason: Int32)
    /// The certificate is not that of an authority.
    case notAnAuthority
    /// libcrypto has no memory.
    case failure

    init(code: Int32) {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_OUT_OF_MEM: self = .failure
        default: self = .untrusted(reason: code)
        }
    }
}
