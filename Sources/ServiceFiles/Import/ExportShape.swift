import JOSE

/// What is read of the export of a product. Everything else in it is skipped and never held in memory.
struct ExportShape {
    /// The members that are kept of an object that stands by itself, or in an array by itself.
    let document: Set<[UInt8]>
    /// The lists in such an object whose elements are read one by one, by their names.
    let lists: [[UInt8]: List]

    /// A list whose elements are read one by one.
    struct List {
        let name: String
        /// The members that are kept of an element.
        let members: Set<[UInt8]>
        /// A member without which an element is skipped; `nil` to keep all elements.
        let needed: [UInt8]?

        init(_ name: String, _ members: [String], needed: String? = nil) {
            self.name = name
            self.members = Set(members.map { Array($0.utf8) })
            self.needed = needed.map { Array($0.utf8) }
        }
    }

    init(document: [String], lists: [List] = []) {
        self.document = Set(document.map { Array($0.utf8) })
        self.lists = Dictionary(lists.map { (Array($0.name.utf8), $0) }) { first, _ in first }
    }
}

/// An object of an export, with the members that its shape keeps.
struct ExportItem {
    /// The list that it is an element of; `nil` for an object that stands by itself.
    let list: String?
    let object: JSONObject
    /// How many octets of the export are kept.
    let size: Int
}
