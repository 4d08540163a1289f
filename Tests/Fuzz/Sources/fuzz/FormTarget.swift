import AccessToken

@testable import OAuth

/// The form in the body of a request, and the query of its target.
struct FormTarget: FuzzTarget {
    func parse(_ octets: [UInt8]) {
        _ = try? FormParameters(parsing: octets)
        _ = try? TokenRequest(parsing: request(body: Self.plainBody, query: octets))
    }

    func run(_ input: Input) throws {
        try checkForm(input.octets)
        checkQuery(input.octets)
        // Any text may stand here.
        _ = try? TokenRequest(
            parsing: EndpointRequest(
                url: Self.url, fields: .init(contentType: String(decoding: input.octets, as: UTF8.self)),
                body: Self.plainBody))
    }

    private func checkForm(_ form: [UInt8]) throws {
        let model = FormModel(form)
        let isTooLong = FormModel.hasTooManyParameters(form)
        guard let parameters = try? FormParameters(parsing: form) else {
            require(model == nil || model?.repeatsName == true || isTooLong, "a form that can be read is read")
            return
        }
        guard let model, !model.repeatsName, !isTooLong else {
            return require(false, "a form that cannot be read, is too long or has a name twice is refused")
        }
        require(model.agrees(with: parameters), "names and values are what they seem")
        let again = FormModel.encode(model.pairs)
        require(model.agrees(with: try FormParameters(parsing: again)), "what is written again is read as the same")
        try checkRequests(form, parameters)
    }

    private func checkRequests(_ form: [UInt8], _ parameters: FormParameters) throws {
        let request = request(body: form)
        if let token = try? TokenRequest(parsing: request) {
            let name = parameters["grant_type"] ?? ""
            require(GrantType(rawValue: name) == token.grant.type, "the grant type is that of the form")
            check(token, parameters)
            let ids = token.credentials.clientIDs.map(\.description)
            require(!ids.isEmpty, "credentials are somebody's")
            require(parameters["client_id"].map { id in ids.allSatisfy { $0 == id } } ?? true, "there is one client_id")
        }
        if let question = try? IntrospectionRequest(parsing: request) {
            require(parameters["token"] == question.token, "the token is that of the form")
        }
    }

    private func check(_ request: TokenRequest, _ parameters: FormParameters) {
        if case .refresh(let token) = request.grant {
            require(parameters["refresh_token"] == token, "the refresh token is that of the form")
        }
        let access = request.access
        require(parameters["scope"].flatMap { try? Scope($0) } == access.scope, "the scope is that of the form")
        require(
            Set(parameters.audiences.map(\.text)) == Set(access.audience.map(\.description)),
            "the resources are those of the form")
    }

    /// RFC 6749 section 2.3.1: credentials must not be in the request URI.
    private func checkQuery(_ query: [UInt8]) {
        let isAccepted = (try? TokenRequest(parsing: request(body: Self.plainBody, query: query))) != nil
        let isRefused = FormModel.namesCredentials(query) || FormModel.hasTooManyParameters(query)
        require(isAccepted != isRefused, "a query is refused if it names credentials or is too long")
    }

    private func request(body: [UInt8], query: [UInt8]? = nil) -> EndpointRequest {
        EndpointRequest(
            url: Self.url, query: query, fields: .init(contentType: "application/x-www-form-urlencoded"), body: body)
    }

    private static let url = "https://tokens.example.com/oauth2/token"

    private static let plainBody = Array("grant_type=client_credentials&client_id=a&client_secret=b".utf8)
}
