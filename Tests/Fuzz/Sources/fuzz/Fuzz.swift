import CLibFuzzer
import Foundation

/// Feeds libFuzzer's inputs to the parser that `WRIT_FUZZ_TARGET` names; `script/fuzz` runs it.
///
/// The name is no argument: all of those are libFuzzer's, which also starts this program by itself, to merge corpora.
@main enum Fuzz {
    static func main() {
        // libFuzzer takes a function without a context, and one target for as long as the process lives.
        guard target != nil else {
            let names = FuzzTargets.byName.keys.sorted().joined(separator: " ")
            FileHandle.standardError.write(Data("WRIT_FUZZ_TARGET is none of: \(names)\n".utf8))
            exit(64)
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        let status = LLVMFuzzerRunDriver(&count, &arguments) { octets, count in
            let input = Input(Array(UnsafeBufferPointer(start: octets, count: count)))
            do { try Fuzz.target?.tryOut(input) } catch { fatalError("an error where none may be: \(error)") }
            return 0
        }
        exit(status)
    }

    private static let target: (any FuzzTarget)? = {
        guard let name = getenv("WRIT_FUZZ_TARGET"), let make = FuzzTargets.byName[String(cString: name)] else {
            return nil
        }
        do { return try make() } catch { fatalError("the target cannot be made: \(error)") }
    }()
}
