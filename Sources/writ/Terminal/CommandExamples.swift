import ArgumentParser

/// A command whose help ends with examples. Each runs in a working folder that has what it names.
protocol ExemplaryCommand: ParsableCommand {
    /// Lines of a shell.
    static var examples: [String] { get }
}

/// Finds the command that arguments name, and its examples.
enum CommandExamples {
    /// The help text with the examples of its command; any other text as it is.
    static func adding(to text: String, _ arguments: [String]) -> String {
        let command = path(arguments).last ?? WritCommand.self
        guard text == WritCommand.helpMessage(for: command), let command = command as? any ExemplaryCommand.Type else {
            return text
        }
        let separator = text.hasSuffix("\n") ? "\n" : "\n\n"
        return text + separator + "EXAMPLES:\n" + command.examples.map { "  \($0)" }.joined(separator: "\n")
    }

    /// The names of the commands on the way to the one that is named.
    static func names(_ arguments: [String]) -> [String] {
        path(arguments).map { $0.configuration.commandName ?? "" }
    }

    private static func path(_ arguments: [String]) -> [any ParsableCommand.Type] {
        var path: [any ParsableCommand.Type] = [WritCommand.self]
        // `writ help keys rotate` is `writ keys rotate --help`.
        for argument in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
            let next = path.last?.configuration.subcommands.first { $0.configuration.commandName == argument }
            guard let next else { break }
            path.append(next)
        }
        return path
    }
}
