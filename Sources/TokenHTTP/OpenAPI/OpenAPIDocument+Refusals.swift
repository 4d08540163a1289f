import JOSE
import OAuth
import Telemetry

extension OpenAPIDocument {
    /// The refusals of an endpoint that takes forms, by status.
    ///
    /// - Parameter headers: of all answers of the endpoint.
    static func refusals(of endpoint: Endpoint, headers: [String]) -> [Member] {
        let errors = TokenRefusal.Code.allCases.filter { $0.endpoints.contains(endpoint) }
        return Set(errors.map(\.status)).sorted().map { status in
            ("\(status)", refusal(errors.filter { $0.status == status }, status, headers: headers))
        }
    }

    private static func refusal(_ errors: [TokenRefusal.Code], _ status: Int, headers: [String]) -> JSONLiteral {
        var headers = headers
        if status == 401 { headers.append("WWWAuthenticate") }
        if errors.contains(where: { $0.retryAfter != nil }) { headers.append("RetryAfter") }
        let examples = errors.map { error -> Member in
            ("\(error)", ["value": refusal(error.error, error.text)])
        }
        let codes = distinctCodes(errors)
        let description = errors.count == 1 ? errors[0].text.description : codes.joined(separator: ", ")
        return refusal(
            description, codes: codes, examples: [("examples", .object(examples))], headers: headers)
    }

    private static func refusal(
        _ description: String, codes: [String] = ["invalid_request"], examples: [Member], headers: [String]
    ) -> JSONLiteral {
        let schema: JSONLiteral = [
            "$ref": "#/components/schemas/Refusal", "properties": ["error": ["enum": .strings(codes)]],
        ]
        return [
            "description": .string(description),
            "headers": Self.headers(headers),
            "content": ["application/json": .object([("schema", schema)] + examples)],
        ]
    }

    private static func refusal(_ code: StaticString, _ text: StaticString) -> JSONLiteral {
        ["error": .string(code.description), "error_description": .string(text.description)]
    }

    /// What is refused before any operation is chosen, on either listener.
    static let refusalsOfAnyPath: JSONLiteral = [
        "NotFound": refusal("There is nothing at the path.", examples: [], headers: ["NoStore"]),
        "MethodNotAllowed": refusal("The path does not have the method.", examples: [], headers: ["NoStore", "Allow"]),
    ]

    /// Every code that there is.
    static var errorCodes: [String] { distinctCodes(TokenRefusal.Code.allCases) }

    private static func distinctCodes(_ errors: [TokenRefusal.Code]) -> [String] {
        var known: Set<String> = []
        return errors.map(\.error.description).filter { known.insert($0).inserted }
    }
}

extension TokenRefusal.Code {
    /// Those that refuse so.
    fileprivate var endpoints: [Endpoint] {
        switch self {
        case .unreadableForm, .repeatedParameter, .credentialsInURL, .twoAuthenticationMethods, .conflictingClientID,
            .wrongMediaType, .bodyTooLarge, .invalidClient, .tooManyFailures, .overloaded, .serverError:
            [.token, .introspection]
        case .missingGrantType, .missingRefreshToken, .unauthorizedClient, .unsupportedGrantType, .invalidGrant,
            .malformedScope, .scopeNotAllowed, .malformedResource, .resourceNotAllowed:
            [.token]
        case .missingToken, .introspectionNotAllowed: [.introspection]
        case .notFound, .targetIsNoPath, .methodNotAllowed: []
        }
    }
}
