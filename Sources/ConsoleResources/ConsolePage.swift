/// The parts of the console's page. The build puts the files of the folder Page into the binary, so that no folder of
/// resources has to stand beside it.
package enum ConsolePage {
    /// The HTML, with an empty `style` element and an empty `script` element.
    package static var document: [UInt8] { PackageResources.console_html }

    /// The content of the `style` element.
    package static var style: [UInt8] { PackageResources.console_css }

    /// The content of the `script` element: one script of several files, in the order in which they run.
    package static var script: [UInt8] {
        [
            PackageResources.base_js, PackageResources.keys_js, PackageResources.traffic_js,
            PackageResources.clients_js, PackageResources.issuers_js, PackageResources.verification_js,
            PackageResources.inspector_js, PackageResources.feed_js,
        ].flatMap { $0 }
    }
}
