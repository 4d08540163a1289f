/// The release of Writ.
package enum Release {
    /// The version, in the form of Semantic Versioning 2.0.0.
    package static let version = "0.1.0"
}
