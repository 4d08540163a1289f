import OAuth
import Testing

/// Expects an error with this code, whose texts an operator's terminal shows on one line.
@discardableResult
func expect<Value>(
    code: RemoteKeyError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async -> RemoteKeyError? {
    let error: RemoteKeyError
    do {
        _ = try await body()
        Issue.record("no error", sourceLocation: sourceLocation)
        return nil
    } catch let thrown as RemoteKeyError {
        error = thrown
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
        return nil
    }
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    for text in [error.description, error.hint].compactMap({ $0 }) {
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, sourceLocation: sourceLocation)
        #expect(text.utf8.count < 600, sourceLocation: sourceLocation)
    }
    return error
}
