import AccessToken
import Testing

@testable import OAuth

/// The moments before which tokens are revoked.
@Suite struct NotBeforeTests {
    private static func moments(_ seconds: [Int64]) -> NotBefore { NotBefore(seconds.map { NumericDate($0) }) }

    @Test(
        "What was issued before the latest moment whose time has come is revoked",
        arguments: [
            // Moments, issued at, now, whether it is revoked.
            ([], 0, 100, false), ([50], 49, 100, true), ([50], 50, 100, false), ([50], 49, 49, false),
            ([50], 49, 50, true),
            ([50, 80], 60, 79, false), ([80, 50], 60, 80, true), ([50, 200], 49, 100, true),
            ([50, 200], 60, 100, false),
            ([50, 200], 60, 200, true),
        ] as [([Int64], Int64, Int64, Bool)])
    func revokes(moments: [Int64], issued: Int64, now: Int64, isRevoked: Bool) {
        #expect(Self.moments(moments).revokes(NumericDate(issued), at: NumericDate(now)) == isRevoked)
    }

    @Test("A moment that is added takes none away that revokes more, now or later")
    func adding() {
        func sum(_ moments: [Int64], _ moment: Int64, now: Int64) -> [Int64] {
            Self.moments(moments).adding(NumericDate(moment), now: NumericDate(now)).moments.map(\.seconds)
        }
        #expect(sum([], 101, now: 100) == [101])
        #expect(sum([50], 101, now: 100) == [50, 101])
        #expect(sum([50, 80], 101, now: 100) == [80, 101])
        #expect(sum([50, 300], 101, now: 100) == [50, 101, 300])
        #expect(sum([50], 60, now: 100) == [60])
        // An earlier moment revokes nothing more.
        #expect(sum([90], 60, now: 100) == [90])
    }

    @Test("A client is revoked by its own moments and by others, and is the same if there are no others")
    func ofClients() throws {
        let own = TokensNotBefore(accessTokens: Self.moments([1]), refreshTokens: Self.moments([2]))
        let client = try Client(id: ClientID("a"), identities: [], notBefore: own, isInStatusLists: false)
        #expect(client.revoking(TokensNotBefore()) === client)
        #expect(client.revoking(own) === client)
        let revoked = client.revoking(TokensNotBefore(accessTokens: Self.moments([3])))
        #expect(revoked.notBefore.accessTokens == Self.moments([1, 3]))
        #expect(revoked.notBefore.refreshTokens == Self.moments([2]))
        #expect(!revoked.isInStatusLists)
    }
}
