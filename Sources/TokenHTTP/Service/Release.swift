/// Which Writ this is.
public enum Release {
    /// As in semantic versioning 2.0.0.
    public static let version = "0.1.0"
}
