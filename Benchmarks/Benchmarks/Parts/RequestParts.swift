import OAuth

extension Part {
    /// Form and credentials, as they come.
    static let requests = [
        Part("request with client_secret_post") {
            let request = SampleService.posted(SampleService.parameters)
            return { keep(try TokenRequest(parsing: request)) }
        },
        Part("request with client_secret_basic") {
            let request = SampleService.basic(SampleService.parameters)
            return { keep(try TokenRequest(parsing: request)) }
        },
    ]
}
