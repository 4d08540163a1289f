/// Why an export cannot be read.
enum ExportFault: Error, Equatable {
    /// It is not JSON, or not of the form that the product documents.
    ///
    /// - Parameters:
    ///   - reason: a fixed text, which contains no part of the file.
    ///   - offset: the position of the fault in the file, in octets.
    case malformed(_ reason: String, offset: Int)
    /// The system gives no further octets, with its reason.
    case unreadable(_ reason: String)

    /// The rest of a sentence that begins with the path of the file.
    var message: String {
        switch self {
        case .malformed(let reason, let offset): "cannot be used: \(reason), at octet \(offset)"
        case .unreadable(let reason): "cannot be read: \(reason)"
        }
    }
}
