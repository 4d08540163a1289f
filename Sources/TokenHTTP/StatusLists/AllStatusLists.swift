import AccessToken
import JOSE
import LiveState
import OAuth
import Synchronization

/// The list of all status lists, draft-ietf-oauth-status-list section 9.3. It is made once in half a minute and after each change.
final class AllStatusLists: Sendable {
    private struct State {
        let document: StaticDocument
        let lists: StatusLists
        let madeAt: NumericDate
    }

    private let state = Mutex<State?>(nil)

    /// - Returns: `nil` if libcrypto cannot hash.
    func document(_ lists: StatusLists, _ urls: StatusListURLs, now: NumericDate) -> StaticDocument? {
        state.withLock { state in
            let lifetime = StatusListSchedule.timeToLive
            if let state, state.lists === lists, state.madeAt <= now, now < state.madeAt + lifetime {
                return state.document
            }
            var text = JSONWriter(reservingCapacity: 32 * 1024)
            text.object { $0.member("status_lists", lists.names(at: now).map(urls.url(of:))) }
            guard
                let document = try? StaticDocument(
                    text.bytes, mediaType: "application/json", maximumAge: lifetime)
            else { return nil }
            state = State(document: document, lists: lists, madeAt: now)
            return document
        }
    }
}
