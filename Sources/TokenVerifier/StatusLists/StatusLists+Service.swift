import ServiceLifecycle

extension StatusLists {
    /// Refreshes the lists that tokens use ahead of their expiry, until the task is cancelled or the program shuts down
    /// gracefully.
    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let delay = self.refreshIfDue()
                try? await Task.sleep(for: min(max(delay, Self.shortestDelay), Self.longestDelay))
            }
        }
    }

    /// Between two looks at the lists, so that a server whose lists are never fresh is not asked all the time.
    private static let shortestDelay = Duration.seconds(1)
    /// A token may name a new list at any time, which then has to be refreshed before it expires.
    private static let longestDelay = Duration.seconds(5)
}
