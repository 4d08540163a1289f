import Foundation
import JOSE

/// A page of the documentation, whose snippets are one program.
struct Page: Sendable {
    let name: String
    /// Reports the place of each snippet before it runs.
    let run: @Sendable (@Sendable (String) -> Void) async throws -> Void
}

/// Runs all pages, and ends with status 1 at the first that fails or takes longer than 30 seconds.
@main
enum Consumer {
    static func main() async {
        print(Carpenter().name)
        for page in pages {
            let limit = Task {
                try await Task.sleep(for: .seconds(30))
                fail("\(page.name) takes longer than 30 seconds")
            }
            do { try await page.run { print($0) } } catch { fail("\(page.name): \(error)") }
            limit.cancel()
        }
    }

    private static func fail(_ reason: String) -> Never {
        FileHandle.standardError.write(Data("\(reason)\n".utf8))
        exit(1)
    }
}
