package import AccessToken
package import OAuth

extension KeyChain {
    /// The name that the next key would have, and the keys that a rotation would remove. Nothing is changed.
    ///
    /// - Parameters and errors: those of ``rotate(in:isForced:remote:longestLifetime:now:timing:)``; `isRemote` says whether
    ///   the next key stays in another place.
    package func plannedRotation(
        in delay: Duration, isForced: Bool, isRemote: Bool = false, longestLifetime: Duration, now: NumericDate,
        timing: KeyTiming = .standard
    ) throws -> (new: KeyFileName, removed: [KeyFileName]) {
        try checkRotation(in: delay, isForced: isForced, timing)
        let content: KeyFileName.Content = purpose == .sealing ? .sealing : isRemote ? .remote : .signing
        let new = try name(start: names().isEmpty ? nil : BasicTime(now + delay), content)
        return (new, try expired(longestLifetime: longestLifetime, now: now, timing: timing))
    }

    /// Whether a new key would take the place of this one if it were retired: it is in use, and no earlier key is left.
    package func needsReplacement(_ retired: NamedKey, now: NumericDate) throws -> Bool {
        let isReplaced = try names().contains { $0 != retired.name && $0.start.map { $0 <= now } ?? true }
        return !isReplaced && isInUse && retired.name.content != .verifying
    }
}
