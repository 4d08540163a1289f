import OAuth

extension Part {
    /// The access token before it is signed, and the answer after.
    static let tokens = [
        Part("unsigned access token") {
            let service = try SampleService()
            let key = try SampleKey.p256()
            let grant = try service.grant()
            let id = TokenID("AAAAAAAAAAAAAAAAAAAAAA")
            return {
                keep(UnsignedAccessToken(for: grant, key: key, policy: service.policy, id: id, now: SampleService.now))
            }
        },
        Part("token response") {
            let service = try SampleService()
            let content = try service.unsignedToken(SampleKey.p256())
            return {
                let token = IssuedAccessToken(content, signature: SampleService.signature)
                keep(try TokenResponse(token, sealer: service.sealer, now: SampleService.now))
            }
        },
    ]
}
