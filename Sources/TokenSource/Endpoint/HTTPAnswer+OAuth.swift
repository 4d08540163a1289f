import AccessToken
import JOSE
import RemoteKeys
import WireText

extension HTTPAnswer {
    /// The members of the JSON object that an endpoint of the issuer answers with.
    ///
    /// - Throws: ``TokenSourceError`` with the code ``TokenSourceError/Code/refused`` for an error of RFC 6749 section 5.2,
    ///   and another one for each other answer without status 200 or without a JSON object.
    func members(now: NumericDate) throws(TokenSourceError) -> JSONObject {
        let members: JSONObject?
        var fault: any Error = AnswerFault("it is JSON, but not an object")
        do throws(JSONError) { members = try JSONReader.read(body).object } catch {
            members = nil
            fault = AnswerFault(jsonError: error)
        }
        if status == 200 {
            guard let members else { throw TokenSourceError(.malformedAnswer, cause: fault) }
            return members
        }
        let retryAfter = RetryAfter.read(headers, now: now)
        if (400...599).contains(status), let members, let refusal = OAuthRefusal(status: status, members) {
            throw TokenSourceError(.refused, refusal: refusal, retryAfter: retryAfter)
        }
        throw TokenSourceError(.unexpectedStatus(status), retryAfter: retryAfter)
    }
}

/// What is wrong with an answer of status 200. It never holds any of the answer.
struct AnswerFault: Error, CustomStringConvertible {
    let description: String

    /// - Parameter reason: a clause in which "it" is the answer.
    init(_ reason: StaticString) { description = reason.description }

    init(jsonError: JSONError) { description = "it is not JSON: \(jsonError)" }
}
