import OAuth

extension Part {
    static let refreshTokens = [
        Part("sealed refresh token") {
            let service = try SampleService()
            let token = try firstRefreshToken(of: service)
            return { keep(try service.sealer.seal(token, now: SampleService.now)) }
        },
        // Nothing but a grant opens a refresh token.
        Part("refresh grant") {
            let service = try SampleService()
            let text = try service.sealer.seal(firstRefreshToken(of: service), now: SampleService.now)
            let request = try TokenRequest(
                parsing: SampleService.posted("grant_type=refresh_token&refresh_token=\(text)", clientID: "refreshing"))
            let client = try service.authenticated(request)
            return {
                keep(
                    try client.authorize(
                        request, policy: service.policy, sealer: service.sealer, now: SampleService.now))
            }
        },
    ]

    private static func firstRefreshToken(of service: SampleService) throws -> RefreshToken {
        let request = SampleService.posted(SampleService.parameters, clientID: "refreshing")
        guard let token = try service.grant(request).refreshToken else { throw SampleService.Refused() }
        return token
    }
}
