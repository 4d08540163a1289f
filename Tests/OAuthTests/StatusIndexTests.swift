import AccessToken
import Testing

@testable import OAuth

/// The places of clients in the status lists.
@Suite struct StatusIndexTests {
    // The first five hexadecimal digits of `printf demo | sha256sum`, and so on.
    @Test(
        "Without status_index a client's place is the first 20 bits of the SHA-256 of its identifier",
        arguments: [("demo", 0x2A975), ("reporting", 0x637D7), ("job", 0x5E8C9)])
    func derived(id: String, place: Int) throws {
        let id = try ClientID(id)
        #expect(try StatusIndex.derived(from: id) == place)
        #expect(try Client(id: id, secrets: []).statusPlace() == place)
        #expect(try RemovedClient(id: id, statusIndex: nil, notBefore: .never).statusPlace() == place)
    }

    @Test("A status_index that is written is the client's place")
    func written() throws {
        let client = try Client(id: ClientID("demo"), identities: [], statusIndex: 7)
        #expect(try client.statusPlace() == 7)
        #expect(try client.revoking(TokensNotBefore(accessTokens: NotBefore([NumericDate(1)]))).statusPlace() == 7)
        #expect(try RemovedClient(id: client.id, statusIndex: 8, notBefore: .never).statusPlace() == 8)
    }
}
