/// The reason a client was not added, changed or removed. The file is unchanged.
package enum ClientsFileEditError: Error, Sendable, Equatable, CustomStringConvertible {
    case clientExists
    case noSuchClient
    case noSecret
    case tooManyMoments
    case noFreePlace
    case unusualLayout
    case severalFiles
    case nothingToChange
    case linkElsewhere
    case notAFolder
    case noNameOfFile

    /// A human-readable description. It does not contain the identifier, which the operator has just given.
    package var description: String {
        switch self {
        case .clientExists: "a client with this identifier already exists"
        case .noSuchClient: "there is no client with this identifier"
        case .noSecret: "the client has no secret: it authenticates in another way"
        case .tooManyMoments: "16 moments lie ahead already, and no more fit"
        case .noFreePlace: "the status lists have no free place"
        case .unusualLayout: "the clients file is laid out in a way that this command cannot edit"
        case .nothingToChange: "the client is so already"
        case .linkElsewhere: "the file is a link to another clients file, or out of the folder"
        case .severalFiles: "the folder of clients has not exactly one file"
        case .notAFolder: "clients are in one file, and not in a folder"
        case .noNameOfFile: "the name of a file in the folder of clients ends in .yaml and has no slash"
        }
    }

    /// What the operator can do about it.
    package var hint: String {
        switch self {
        case .clientExists: "`writ clients rotate-secret ID` gives it another secret"
        case .noSuchClient: "`writ clients list` shows them"
        case .noSecret: "`writ clients show ID` says how"
        case .tooManyMoments: "try again when the first of them has come, or edit the file by hand"
        case .noFreePlace: "they have 1048576: remove clients first"
        case .unusualLayout: "write each client as a block of lines that begins with `- client_id:`, or edit by hand"
        case .nothingToChange: "`writ clients show ID` shows it"
        case .linkElsewhere: "put a file in its place"
        case .severalFiles: "--into FILE says which"
        case .notAFolder: "leave --into out, or let `clients` in writ.yaml name a folder"
        case .noNameOfFile: "--into payments.yaml"
        }
    }
}
