import AccessToken
import OAuth

/// How many lists are signed, by what is known of their names. A stranger may ask for every second of a day.
struct StatusListBudgets {
    private var grid = Budget(perSecond: 50, most: 1000)
    private var moments = Budget(perSecond: 50, most: 1000)
    private var unlikely = Budget(perSecond: 20, most: 200)

    /// Whether a list may be signed. There are 290 lists of the grid, each signed twice a minute and after each change, so that
    /// their limit counts only if there is no room for all of them.
    mutating func admit(_ standing: StatusListSchedule.Standing, now: NumericDate) -> Bool {
        switch standing {
        case .grid: grid.take(now: now)
        case .moment: moments.take(now: now)
        case .unlikely: unlikely.take(now: now)
        case .none: false
        }
    }
}

/// A number that grows steadily up to a limit.
private struct Budget {
    private let perSecond: Int64
    private let most: Int64
    private var left: Int64
    private var since = NumericDate(0)

    init(perSecond: Int64, most: Int64) {
        self.perSecond = perSecond
        self.most = most
        left = most
    }

    mutating func take(now: NumericDate) -> Bool {
        // After the clock was set back, time begins anew.
        let elapsed = min(max(now.seconds - since.seconds, 0), most)
        left = min(most, left + elapsed * perSecond)
        since = now
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
