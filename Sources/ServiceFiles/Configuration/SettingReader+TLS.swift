import AccessToken

extension SettingReader {
    /// `tls`; ``TLSTermination/none`` if it is absent, or invalid and reported.
    ///
    /// - Parameter issuer: `nil` if it is invalid and reported.
    mutating func tlsTermination(of issuer: Issuer?) -> TLSTermination {
        let word = layer(of: .tls, .tlsTerminated)
        let files = layer(of: .tlsCertificate, .tlsPrivateKey)
        if let issuer {
            let isSet = word != nil || files != nil
            if issuer.isSecure, !isSet {
                note(.issuer, "is https, but tls is not set", hint: Self.hint)
            } else if !issuer.isSecure, isSet {
                note(.issuer, "is http, but tls is set", hint: "the issuer is the URL that clients use: https")
            }
        }
        let name: SettingName = word == layer(of: .tls) ? .tls : .tlsTerminated
        if let word, word == files { note(name, "is set together with a certificate; only one of them is allowed") }
        // The later layer overrides the earlier, as for every setting.
        if let word, word > files ?? .file || files == nil {
            let isUpstream = name == .tls ? value(name, Self.upstream) : value(name, Self.terminated)
            return isUpstream == true ? .upstream : .none
        }
        let certificate = path(.tlsCertificate)
        let privateKey = path(.tlsPrivateKey)
        guard let certificate, let privateKey else {
            if has(.tlsCertificate), !has(.tlsPrivateKey) { note(.tlsCertificate, "comes without tls.private_key") }
            if !has(.tlsCertificate), has(.tlsPrivateKey) { note(.tlsPrivateKey, "comes without tls.certificate") }
            return .none
        }
        return .here(certificate: certificate, privateKey: privateKey)
    }

    private static let hint =
        "tls: { certificate: tls.crt, private_key: tls.key }, or tls: terminated-upstream if a proxy in front ends TLS"

    private static func terminated(_ text: String) throws(InvalidValue) -> Bool {
        guard text == "upstream" else { throw InvalidValue("is not upstream") }
        return true
    }

    private static func upstream(_ text: String) throws(InvalidValue) -> Bool {
        guard text == "terminated-upstream" else {
            throw InvalidValue("is neither terminated-upstream nor a certificate with its private_key")
        }
        return true
    }
}
