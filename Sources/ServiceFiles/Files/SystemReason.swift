import Foundation
import SystemPackage

/// Why something could not be done with a file: in the system's own words, where it has said so.
struct SystemReason: CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        let underlying = (error as? CocoaError)?.underlying ?? error
        let code = (underlying as? Errno) ?? (underlying as? POSIXError).map { Errno(rawValue: $0.code.rawValue) }
        description = code?.description.lowercased() ?? (error as? CocoaError)?.localizedDescription ?? "\(error)"
    }
}
