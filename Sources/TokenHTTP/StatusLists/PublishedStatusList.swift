import AccessToken
import JOSE
import Libcrypto
import LiveState
import NIOCore
import OAuth
import WireText

/// A Status List Token that is served.
struct PublishedStatusList: Sendable {
    /// The token, with its entity tag.
    let document: StaticDocument
    let basis: StatusListBasis
    private let issuedAt: NumericDate
    /// What it takes of memory, in octets.
    var size: Int { document.body.readableBytes }

    /// - Parameter token: the token in compact serialization.
    init(_ token: [UInt8], _ basis: StatusListBasis, issuedAt: NumericDate) throws(LibcryptoError) {
        document = try StaticDocument(
            token, mediaType: UnsignedStatusList.mediaType, maximumAge: StatusListSchedule.timeToLive)
        self.basis = basis
        self.issuedAt = issuedAt
    }

    /// Whether it is what a list would be that is made now for `basis`, and young enough.
    func isCurrent(_ basis: StatusListBasis, at now: NumericDate) -> Bool {
        issuedAt <= now && now < issuedAt + StatusListSchedule.timeToLive && basis == self.basis
    }

    /// Whether verifiers accept it.
    func isValid(at now: NumericDate) -> Bool { issuedAt <= now && now < issuedAt + StatusListSchedule.validity }

    /// `max-age`, in seconds: until a verifier should ask again. Whenever the list was signed, it says what is so now. A moment
    /// that lies ahead is known.
    func maximumAge(at now: NumericDate) -> Int64 {
        let end = now + StatusListSchedule.timeToLive
        return min(end, basis.lists.nextChange(after: now) ?? end).seconds - now.seconds
    }
}

/// What decides what a list says, and with which key. Two lists with one basis differ in their times alone.
struct StatusListBasis: Sendable, Hashable {
    let name: NumericDate
    let lists: StatusLists
    let key: SigningKey
    private let lastChange: NumericDate?

    init(_ name: NumericDate, _ snapshot: Snapshot, now: NumericDate) {
        self.name = name
        lists = snapshot.statusLists
        key = snapshot.signingKey(at: now)
        lastChange = lists.lastChange(of: name, at: now)
    }

    static func == (first: StatusListBasis, second: StatusListBasis) -> Bool {
        // A key that is read anew is another object.
        first.name == second.name && first.lists === second.lists && first.lastChange == second.lastChange
            && first.key.keyID.isSameText(as: second.key.keyID) && first.key.algorithm == second.key.algorithm
    }

    func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
