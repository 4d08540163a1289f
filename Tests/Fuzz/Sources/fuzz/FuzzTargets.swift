/// The names that seeds, dictionaries and regressions have for the targets.
enum FuzzTargets {
    static let byName: [String: @Sendable () throws -> any FuzzTarget] = [
        "authorization": { try AuthorizationTarget() },
        "certificates": { try ClientCertificateTarget() },
        "clients": { try ClientsFileTarget() },
        "dpop": { try DPoPProofTarget() },
        "form": { FormTarget() },
        "http": { try HTTPTarget() },
        "http2": { try HTTP2Target() },
        "json": { JSONTarget() },
        "jwks": { KeySetTarget() },
        "jws": { try CompactJWSTarget() },
        "pem": { try PEMTarget() },
        "resp": { RESPTarget() },
        "sealed": { try SealedTokenTarget() },
    ]
}
