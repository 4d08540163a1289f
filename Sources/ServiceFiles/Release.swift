/// Which Writ this is.
package enum Release {
    /// As in semantic versioning 2.0.0.
    package static let version = "0.1.0"
}
