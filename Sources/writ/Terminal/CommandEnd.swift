import ArgumentParser
import Foundation

/// Ends the program if no command can run, or if one has failed: 0 for help, 1 for a failure, 64 for wrong usage.
enum CommandEnd {
    /// Ends with what ArgumentParser has to say: help and the version on standard output, wrong usage on standard error.
    static func ofParsing(_ error: any Error, _ arguments: [String]) -> Never {
        let text = WritCommand.fullMessage(for: error)
        let status = WritCommand.exitCode(for: error)
        guard status.isSuccess else {
            Terminal.note(text)
            exit(status.rawValue)
        }
        Terminal.printOwn(CommandExamples.adding(to: text, arguments))
        exit(0)
    }

    /// Ends with what a command has thrown. ArgumentParser's own errors are those to which it gives another status than 1: `--help` is
    /// one of its commands.
    static func ofRunning(_ command: any ParsableCommand.Type, _ error: any Error, _ arguments: [String]) -> Never {
        let status = WritCommand.exitCode(for: error)
        if status.isSuccess {
            Terminal.printOwn(CommandExamples.adding(to: WritCommand.fullMessage(for: error), arguments))
        } else if status == .validationFailure {
            // What a command finds wrong with its arguments is reported as what the parser does.
            Terminal.report(Failure(WritCommand.message(for: error)))
            let names = CommandExamples.names(arguments).joined(separator: " ")
            Terminal.note(
                "Usage: \(WritCommand.usageString(for: command))\n  See '\(names) --help' for more information.")
        } else if !(error is ExitCode) {
            // A command that ends with a status alone has said everything.
            Terminal.report(Failure(error))
        }
        exit(status.rawValue)
    }
}
