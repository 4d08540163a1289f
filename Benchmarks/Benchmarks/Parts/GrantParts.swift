import OAuth

extension Part {
    /// Who it is, and what it gets.
    static let grants = [
        Part("client secret") {
            let service = try SampleService()
            let credentials = try TokenRequest(parsing: SampleService.posted(SampleService.parameters)).credentials
            return { keep(try service.clients.authenticate(credentials, verified: .none, now: SampleService.now)) }
        },
        Part("grant") {
            let service = try SampleService()
            let request = try TokenRequest(parsing: SampleService.posted(SampleService.parameters))
            let client = try service.authenticated(request)
            return {
                keep(
                    try client.authorize(
                        request, policy: service.policy, sealer: service.sealer, now: SampleService.now))
            }
        },
    ]
}
