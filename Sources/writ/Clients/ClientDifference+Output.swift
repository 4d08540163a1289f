import AccessToken
import JOSE
import ServiceFiles

extension ClientDifference {
    /// One line for each member that differs.
    var lines: [String] {
        changes.map { change in
            let texts = change.removed.map { "-\($0)" } + change.added.map { "+\($0)" }
            return "  \(change.name): \(texts.joined(separator: " "))"
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("client_id", id.description)
            object.member("kind", kind.rawValue)
            object.name("changes")
            object.array { array in
                for change in changes {
                    array.object {
                        $0.member("member", change.name)
                        $0.member("removed", change.removed)
                        $0.member("added", change.added)
                    }
                }
            }
        }
    }
}
