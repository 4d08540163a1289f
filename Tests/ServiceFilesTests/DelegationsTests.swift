import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `delegations` of `writ.yaml`.
@Suite struct DelegationsTests {
    private static func reader(_ json: String) throws -> SettingReader {
        let yaml = try YAMLText(path: "writ.yaml", text: "delegations: \(json)\n")
        return SettingReader(layers: SettingLayers(file: yaml, environment: [:], options: [:]), file: "writ.yaml")
    }

    static func delegations(_ json: String) throws -> Delegations {
        var reader = try reader(json)
        let delegations = reader.delegations()
        return try #require(delegations, "\(reader.problems)")
    }

    private static func problems(_ json: String) throws -> [String] {
        var reader = try reader(json)
        let delegations = reader.delegations()
        #expect((delegations == nil) == !reader.problems.isEmpty)
        return reader.problems.map(\.message)
    }

    @Test(
        "What is no delegation is refused with its file and member",
        arguments: [
            ("[]", "is not a mapping"), ("{a.yaml: 3}", "has for a.yaml no mapping"),
            ("{a.yml: {}}", "has a.yml, which is not the name of a file"), ("{../a.yaml: {}}", "has ../a.yaml, which"),
            ("{.a.yaml: {}}", "has .a.yaml, which"), ("{.yaml: {}}", "has .yaml, which"),
            ("{a.yaml: {scop: a}}", "a.yaml: scop is not a member"),
            ("{a.yaml: {scope: [a]}}", "a.yaml: scope is not text"),
            ("{a.yaml: {scope: \"a  b\"}}", "a.yaml: scope has a space"),
            ("{a.yaml: {resources: [pay]}}", "a.yaml: resources "),
            ("{a.yaml: {audiences: [\"a:b\"]}}", "a.yaml: audiences has"),
            ("{a.yaml: {client_ids: [1]}}", "a.yaml: client_ids is neither"),
            ("{a.yaml: {client_ids: \"\"}}", "client_ids is empty"),
            ("{a.yaml: {client_ids: \"p\u{0301}\"}}", "client_ids has a character outside"),
            ("{a.yaml: {introspect: yes please}}", "introspect is neither"),
            ("{a.yaml: {client_ids: pay-}, b.yaml: {client_ids: pay-eu-}}", "identifiers that begin with pay-"),
            ("{a.yaml: {client_ids: pay-}, b.yaml: {client_ids: [x-, pay-]}}", "identifiers that begin with pay-"),
        ])
    func refusals(json: String, message: String) throws {
        let found = try Self.problems(json)
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test(
        "An identifier belongs to the file whose beginning it has, octet for octet",
        arguments: [
            ("pay-1", "a.yaml", true), ("pay-1", "b.yaml", false), ("pay-1", "c.yaml", false), ("pay", "a.yaml", false),
            ("pay", "c.yaml", true), ("Pay-1", "a.yaml", false), ("x-1", "b.yaml", true), ("y:1", "b.yaml", true),
            ("z", "b.yaml", false), ("z", "c.yaml", true), ("pay-", "a.yaml", true),
        ])
    func identifiers(id: String, file: String, isAllowed: Bool) throws {
        let delegations = try Self.delegations(
            #"{a.yaml: {client_ids: pay-}, b.yaml: {client_ids: [x-, "y:"]}, c.yaml: {scope: a}}"#)
        #expect(try (delegations.refusal(of: ClientID(id), in: file) == nil) == isAllowed)
    }

    @Test(
        "What a client has beyond the delegation of its file is named",
        arguments: [
            ("scope: a", []), ("scope: b a", ["scope has b"]), ("resources: [https://a.example]", []),
            ("resources: [https://a.example/]", ["resources has https://a.example/"]),
            ("audiences: [rabbit]", []), ("audiences: [other]", ["audiences has other"]),
            ("introspect: true", ["introspect is true"]), ("introspect: [https://a.example, rabbit]", []),
            ("introspect: [https://b.example]", ["introspect has https://b.example"]),
            ("claims: {tenant: acme}", []), ("claims: {tenant: acme, role: admin}", ["claims has role"]),
            (
                "identities: [{issuer: cluster, subject: s}]\n    claims_from_identity: {tenant: x, ns: y}",
                ["claims_from_identity has ns"]
            ),
            ("identities: [{issuer: github, subject: s}]", ["identities has the issuer github"]),
            ("token_shape: {scope_claim: scp}", []),
            ("token_shape: {scope_claim: role}", ["token_shape has the claim role"]),
        ])
    func excess(member: String, excess: [String]) throws {
        let delegation = try #require(
            Self.delegations(
                "{a.yaml: {scope: a, resources: https://a.example, audiences: [rabbit], claims: [tenant], issuers: [cluster]}}"
            )["a.yaml"])
        let text =
            "clients:\n  - client_id: x\n    client_secrets: [{hash: \"sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols\"}]\n"
            + "    \(member)\n"
        let client = try #require(try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: text)).first)
        #expect(delegation.excess(of: client) == excess)
        #expect(Delegation().excess(of: client).isEmpty == (member == "token_shape: {scope_claim: scp}"))
    }
}
