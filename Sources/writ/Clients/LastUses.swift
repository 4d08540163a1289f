import AccessToken
import AsyncHTTPClient
import JOSE
import OAuth
import RemoteKeys
import ServiceFiles
import WireText

/// When clients last got tokens, as a running service knows it.
struct LastUses {
    /// From this moment on uses were recorded.
    private(set) var since = NumericDate(0)
    private var uses: [ClientID: NumericDate] = [:]

    private static let timeLimit: Duration = .seconds(10)
    private static let path = "/clients/last-used"

    /// Asks the management listener of the service that has this configuration.
    ///
    /// - Throws: if there is none, or if it does not answer.
    init(askingServiceOf configuration: ServiceConfiguration) async throws {
        guard let address = configuration.management else {
            throw Failure(
                "management is off, so that the service cannot be asked",
                hint: "management: 127.0.0.1:8081 in writ.yaml")
        }
        let url = "http://\(address.local)\(Self.path)"
        var next: ClientID?
        repeat {
            let document = try await Self.document(at: next.map { "\(url)?after=\(Self.encode($0))" } ?? url)
            let previous = next
            next = try add(document)
            // What the service says must end.
            if let previous, let next, next.description <= previous.description { throw Self.malformed(url) }
        } while next != nil
    }

    /// When a client last got a token; `nil` if it got none since ``since``.
    subscript(client: Client) -> NumericDate? { uses[client.id] }

    /// - Returns: the client that the next document begins after; `nil` if this was the last.
    private mutating func add(_ document: JSONObject) throws -> ClientID? {
        guard let since = document["since"]?.string.flatMap({ try? RFC3339.read($0) }),
            let clients = document["clients"]?.array
        else {
            throw Self.malformed(Self.path)
        }
        self.since = since
        for client in clients {
            guard let id = client.object?["client_id"]?.string.flatMap({ try? ClientID($0) }),
                let time = client.object?["last_used"]?.string.flatMap({ try? RFC3339.read($0) })
            else { throw Self.malformed(Self.path) }
            uses[id] = time
        }
        return document["next"]?.string.flatMap { try? ClientID($0) }
    }

    private static func document(at url: String) async throws -> JSONObject {
        let answer: HTTPAnswer
        do throws(ConnectionFailure) {
            answer = try await OutgoingHTTP.writ().send(HTTPClientRequest(url: url), within: timeLimit)
        } catch {
            throw Failure("no answer from \(url): \(error)", hint: "is the service running?")
        }
        guard answer.status == 200 else {
            throw Failure("\(url) answers \(answer.status)", hint: "is this the management listener of this release?")
        }
        guard let document = try? JSONReader.read(answer.body).object else { throw malformed(url) }
        return document
    }

    private static func malformed(_ url: String) -> Failure {
        Failure(
            "the answer of \(url) is not the list of last uses",
            hint: "is this the management listener of this release?")
    }

    /// RFC 3986 section 2.1: every octet that is not unreserved.
    private static func encode(_ client: ClientID) -> String {
        let octets = client.description.utf8.flatMap { octet -> [UInt8] in
            if ASCII.isLetter(octet) || ASCII.isDigit(octet) { return [octet] }
            return [UInt8(ascii: "%"), ASCII.hexDigit(octet >> 4), ASCII.hexDigit(octet & 15)]
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
