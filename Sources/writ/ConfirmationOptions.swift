import ArgumentParser

/// The options of a command that cannot be undone.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Do not ask on a terminal.")
    var yes = false

    @Flag(help: "Report what would be done, and change nothing.")
    var dryRun = false

    /// Asks whether to go on, unless `--yes` is given or no person can answer.
    ///
    /// - Throws: if the answer is not yes.
    func confirm(_ question: String) throws {
        if !yes { try Terminal.confirm(question) }
    }
}
