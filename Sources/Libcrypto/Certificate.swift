import CLibcrypto

/// An X.509 certificate, RFC 5280: what a server must know of its own.
@safe
public final class Certificate: @unchecked Sendable {
    // Sendable: an X509 counts its references atomically and is not changed after initialisation.
    private let pointer: OpaquePointer

    /// The most octets that ``init(der:)`` reads.
    public static let longestDER = 32 * 1024

    /// When it begins to be valid (section 4.1.2.5), in seconds since 1970-01-01T00:00:00Z.
    public let start: Int64
    /// When it ends to be valid, in the same form.
    public let end: Int64
    /// The subject as RFC 4514 writes it: "CN=localhost".
    public let subject: String
    /// The size of an RSA key in bits; `nil` for a key of another kind.
    public let rsaBits: Int?
    /// The strength of its key in bits, as NIST SP 800-57 estimates it: 112 for RSA with 2048 bits; 0 if the key cannot be
    /// read.
    public let securityBits: Int
    /// The hash of its signature: "SHA256"; `nil` if the signature algorithm has none of its own.
    public let signatureHash: String?
    /// Whether its issuer is its subject, as with a root.
    public let isSelfIssued: Bool

    private init(takingOwnershipOf pointer: OpaquePointer) {
        unsafe self.pointer = pointer
        start = unsafe Self.seconds(X509_get0_notBefore(pointer))
        end = unsafe Self.seconds(X509_get0_notAfter(pointer))
        subject = unsafe Self.text(of: X509_get_subject_name(pointer))
        let key = unsafe X509_get0_pubkey(pointer)
        // What the key is cannot be said if libcrypto does not know its kind.
        ERR_clear_error()
        rsaBits = unsafe key.flatMap { unsafe EVP_PKEY_is_a($0, "RSA") == 1 ? Int(EVP_PKEY_get_bits($0)) : nil }
        securityBits = unsafe key.map { unsafe Int(EVP_PKEY_get_security_bits($0)) } ?? 0
        signatureHash = unsafe Self.signatureHash(of: pointer)
        isSelfIssued = unsafe X509_NAME_cmp(X509_get_subject_name(pointer), X509_get_issuer_name(pointer)) == 0
    }

    deinit { unsafe X509_free(pointer) }

    /// The labels that blocks of certificates have in PEM: RFC 7468 section 5, and older ones of OpenSSL.
    public static let pemLabels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]

    /// Reads all certificates of a PEM text. Blocks of other kinds are skipped.
    ///
    /// - Returns: one certificate or more, in the order of the text.
    public static func readAll(pem: Span<UInt8>) throws(CertificateError) -> [Certificate] {
        let labels: [String]
        do throws(PEMFault) { labels = try PEMBlocks.labels(in: pem) } catch { throw .malformedPEM(error) }
        let count = labels.count(where: pemLabels.contains)
        guard count > 0 else { throw .unexpectedLabel(labels[0]) }
        guard let memory = try? MemoryBIO(copying: pem) else { throw .undecodable(position: 1) }
        var certificates: [Certificate] = []
        while certificates.count < count {
            let certificate = unsafe memory.withUnsafePointer {
                unsafe PEM_read_bio_X509($0, nil, { _, _, _, _ in -1 }, nil)
            }
            ERR_clear_error()
            guard let certificate = unsafe certificate else { throw .undecodable(position: certificates.count + 1) }
            certificates.append(unsafe Certificate(takingOwnershipOf: certificate))
        }
        return certificates
    }

    /// Reads one certificate in DER.
    ///
    /// - Throws: `CertificateError.undecodable` also if octets follow it, or if there are more than ``longestDER``.
    public convenience init(der: Span<UInt8>) throws(CertificateError) {
        guard der.count <= Self.longestDER else { throw .undecodable(position: 1) }
        let pointer = unsafe der.withUnsafeBytes { octets -> OpaquePointer? in
            var position = unsafe octets.assumingMemoryBound(to: UInt8.self).baseAddress
            let certificate = unsafe d2i_X509(nil, &position, octets.count)
            let end = unsafe octets.assumingMemoryBound(to: UInt8.self).baseAddress.map { unsafe $0 + octets.count }
            guard unsafe position == end else {
                unsafe X509_free(certificate)
                return nil
            }
            return unsafe certificate
        }
        ERR_clear_error()
        guard let pointer = unsafe pointer else { throw .undecodable(position: 1) }
        unsafe self.init(takingOwnershipOf: pointer)
    }

    /// The certificate in DER.
    public var der: [UInt8] {
        let count = unsafe i2d_X509(pointer, nil)
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, used in
            var position = buffer.baseAddress
            used = max(0, Int(unsafe i2d_X509(pointer, &position)))
        }
    }

    /// Lends the pointer, which must not leave the closure.
    func withUnsafePointer<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer)
    }

    /// Whether it may sign other certificates: `cA` of basicConstraints, RFC 5280 section 4.2.1.9, or a root of version 1.
    public var isAuthority: Bool { unsafe X509_check_ca(pointer) > 0 }

    /// Its public key.
    ///
    /// - Throws: for a key of a kind or size that this package does not use.
    public func publicKey() throws(KeyError) -> PublicKey {
        guard let key = unsafe X509_get0_pubkey(pointer) else {
            ERR_clear_error()
            throw .unsupportedType
        }
        return try unsafe PublicKey(reading: key)
    }

    /// Whether it is the certificate of a key with this public half.
    public func hasKey(_ key: PublicKey) -> Bool {
        guard let own = unsafe X509_get0_pubkey(pointer) else {
            ERR_clear_error()
            return false
        }
        return unsafe key.withUnsafePointer { key in isSuccess(unsafe EVP_PKEY_eq(own, key)) }
    }

    /// Whether it is the certificate of this key.
    public func isCertificate(of key: PrivateKey) -> Bool {
        unsafe key.withUnsafePointer { key in isSuccess(unsafe X509_check_private_key(pointer, key)) }
    }

    /// Whether a client that connects to this host accepts it: RFC 6125, RFC 9525. The subject does not count.
    ///
    /// - Parameter host: a DNS name, or an IP address without brackets.
    public func isCertificate(ofHost host: String) -> Bool {
        let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        let octets = Array(host.utf8)
        let isName = unsafe octets.withUnsafeBytes { octets in
            let name = unsafe octets.assumingMemoryBound(to: CChar.self)
            return isSuccess(unsafe X509_check_host(pointer, name.baseAddress, name.count, flags, nil))
        }
        return isName || isSuccess(unsafe X509_check_ip_asc(pointer, host, flags))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        let epoch = unsafe ASN1_TIME_set(nil, 0)
        defer { unsafe ASN1_STRING_free(epoch) }
        var (days, seconds): (Int32, Int32) = (0, 0)
        // A time that cannot be read, which no client accepts, has passed.
        guard isSuccess(unsafe ASN1_TIME_diff(&days, &seconds, epoch, time)) else { return 0 }
        return Int64(days) * 86400 + Int64(seconds)
    }

    private static func text(of name: OpaquePointer?) -> String {
        guard let memory = try? MemoryBIO() else { return "" }
        _ = unsafe memory.withUnsafePointer { unsafe X509_NAME_print_ex($0, name, 0, CLibcrypto_nameFormat) }
        return memory.withContents { contents in
            String(decoding: contents.indices.map { contents[$0] }, as: UTF8.self)
        }
    }

    private static func signatureHash(of certificate: OpaquePointer) -> String? {
        var hash = NID_undef
        let status = unsafe X509_get_signature_info(certificate, &hash, nil, nil, nil)
        guard isSuccess(status), hash != NID_undef, let name = unsafe OBJ_nid2sn(hash) else { return nil }
        return unsafe String(cString: name)
    }
}

/// The reason a file holds no usable certificates.
public enum CertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text has no PEM block, or one that is cut off.
    case malformedPEM(PEMFault)
    /// No PEM block is a certificate. The label of the first one.
    case unexpectedLabel(String)
    /// A certificate does not decode. Its position in the file, from 1.
    case undecodable(position: Int)

    /// A human-readable clause in which "it" is the file that was read.
    public var description: String {
        switch self {
        case .malformedPEM(let fault): fault.description
        case .unexpectedLabel("PUBLIC KEY"): "it is a public key, not a certificate"
        case .unexpectedLabel("CERTIFICATE REQUEST"): "it is a request for a certificate, not a certificate"
        case .unexpectedLabel(let label) where KeyBlock.privateKey.labels.contains(label):
            "it is a private key, not a certificate"
        case .unexpectedLabel(let label): "it is a PEM block labelled \(label), not a certificate"
        case .undecodable(1): "its certificate does not decode: it was changed or cut"
        case .undecodable(let position): "its certificate number \(position) does not decode: it was changed or cut"
        }
    }
}
