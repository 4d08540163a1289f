import OAuth

/// The identifiers of trusted issuers by their names: what reading `clients.yaml` takes of them.
package struct IssuerNames: Sendable, Equatable {
    private let identifiers: [String: String]

    init(_ issuers: [TrustedIssuer]) {
        identifiers = Dictionary(issuers.map { ($0.name, $0.identifier) }, uniquingKeysWith: { first, _ in first })
    }

    /// The identifier of the issuer with this name; `nil` if there is none.
    subscript(name: String) -> String? { identifiers[name] }

    /// In alphabetical order.
    var all: [String] { identifiers.keys.sorted() }
}
