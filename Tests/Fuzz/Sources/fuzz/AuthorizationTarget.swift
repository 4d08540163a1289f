import AccessToken
import Foundation

@testable import OAuth

/// The Authorization field of a request: Basic credentials, form-encoded or not.
///
/// An input is a field's value, or two with a line feed between them; and it is what base64 encodes in one.
struct AuthorizationTarget: FuzzTarget {
    private static let secret = "s3cr:t+%&=\u{e9} ~"
    private let clients: ClientRegistry

    init() throws {
        clients = try ClientRegistry([
            try Client(id: ClientID("fuzz"), secrets: [ClientSecret(hash: ClientSecretHash(of: Self.secret))])
        ])
    }

    func parse(_ octets: [UInt8]) {
        _ = try? credentials(in: [String(decoding: octets, as: UTF8.self)])
        _ = try? credentials(in: ["Basic " + Data(octets).base64EncodedString()])
    }

    func run(_ input: Input) throws {
        let value = String(decoding: input.octets, as: UTF8.self)
        if let credentials = try? credentials(in: [value]) { check(credentials, userPass: Self.userPass(of: value)) }
        if let (first, second) = input.halves {
            let values = [first, second].map { String(decoding: $0, as: UTF8.self) }
            require((try? credentials(in: values)) == nil, "two fields are one too many")
        }
        if let credentials = try? credentials(in: ["Basic " + Data(input.octets).base64EncodedString()]) {
            check(credentials, userPass: input.octets)
        }
        try checkEncoded(input)
    }

    private func check(_ credentials: PresentedCredentials, userPass: [UInt8]?) {
        let readings = readings(of: credentials)
        require(readings.count == 1 || readings.count == 2, "there are one or two readings")
        require(readings.count == 1 || readings[0] != readings[1], "the readings differ")
        require(credentials.clientIDs == readings.map(\.clientID), "each reading is for a client")
        require(userPass?.contains(UInt8(ascii: ":")) == true, "there is a colon in what was encoded")
        guard let authentication = try? clients.authenticate(credentials, verified: .none, now: NumericDate(0)) else {
            return
        }
        if case .refused = authentication { return }
        require(authentication.provenClient != nil, "a digest is compared at once")
        let isRight = readings.contains {
            $0.clientID.description == "fuzz" && Array($0.secret.utf8) == Array(Self.secret.utf8)
        }
        require(isRight, "nobody gets in without the secret")
    }

    /// What RFC 6749 section 2.3.1 asks for is always read, and first.
    private func checkEncoded(_ input: Input) throws {
        guard let (head, rest) = input.halves, let id = String(validating: head, as: UTF8.self),
            let clientID = try? ClientID(id), let secret = String(validating: rest, as: UTF8.self)
        else { return }
        let userPass = "\(FormModel.encode(id)):\(FormModel.encode(secret))"
        let credentials = try credentials(in: ["bAsIC  " + Data(userPass.utf8).base64EncodedString()])
        let first = readings(of: credentials)[0]
        let isSame = first.clientID == clientID && Array(first.secret.utf8) == rest
        require(isSame, "form-encoded credentials are read as such")
    }

    private func readings(of credentials: PresentedCredentials) -> [SecretCredentials.Reading] {
        guard case .secret(let secret) = credentials.kind else { fatalError("does not hold: Basic brings a secret") }
        require(secret.method == .clientSecretBasic, "Basic is a method of its own")
        return secret.readings
    }

    private func credentials(in authorization: [String]) throws(TokenRefusal) -> PresentedCredentials {
        try TokenRequest(
            parsing: EndpointRequest(
                url: "https://tokens.example.com/oauth2/token",
                fields: .init(contentType: "application/x-www-form-urlencoded", authorization: authorization),
                body: Array("grant_type=client_credentials".utf8))
        ).credentials
    }

    /// What Foundation makes of the base64, which it wants padded.
    private static func userPass(of value: String) -> [UInt8]? {
        func isBlank(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }
        let words = value.utf8.drop(while: isBlank).split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard words.count == 2 else { return nil }
        let octets = words[1].filter { !isBlank($0) && $0 != UInt8(ascii: "=") }
        let characters = String(decoding: octets, as: UTF8.self)
        let padding = String(repeating: "=", count: (4 - characters.count % 4) % 4)
        return Data(base64Encoded: characters + padding).map { Array($0) }
    }
}
