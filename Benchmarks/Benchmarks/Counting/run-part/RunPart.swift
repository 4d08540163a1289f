import ArgumentParser
import Parts

/// Does one part so many times and nothing else, for a tool that counts what happens meanwhile.
@main
struct RunPart: ParsableCommand {
    @Argument(help: "The part; without one, the names of all whose instructions are worth counting.") var name: String?
    @Argument(help: "How many times.") var count = 1

    func run() throws {
        guard let name else { return Part.counted.forEach { print($0.name) } }
        guard let part = Part.all.first(where: { $0.name == name }) else {
            throw ValidationError("there is no part \"\(name)\"")
        }
        let work = try part.prepare()
        for _ in 0..<count { try work() }
    }
}
