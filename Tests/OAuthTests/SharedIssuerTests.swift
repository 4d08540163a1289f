import AccessToken
import JOSE
import Testing

@testable import OAuth

/// Issuers that many organizations share: what must be pinned there.
@Suite struct SharedIssuerTests {
    private static let github = "https://token.actions.githubusercontent.com"
    private static let google = "https://accounts.google.com"

    private func findings(
        _ issuer: String, subject: String? = nil, _ claims: [(String, JSONValue)] = []
    ) throws -> [SharedIssuer.Finding]? {
        let identity = try ClientIdentity(
            issuer: "a", subject: subject, claims: claims.map { try PinnedClaim(ClaimPath($0.0), oneOf: [$0.1]) })
        return SharedIssuer(identifier: issuer)?.findings(about: identity)
    }

    @Test(
        "An identity of a shared issuer that pins no owner is refused",
        arguments: [
            (github, "environment"), (github, "ref"), (github, "job_workflow_ref"), (github, "actor_id"),
            (github, "repository_visibility"), ("https://gitlab.com", "ref_protected"),
            ("https://gitlab.com", "user_id"), ("https://gitlab.com", "job_project_id"),
            ("https://gitlab.com", "job_project_path"), ("https://gitlab.com", "job_namespace_id"),
            ("https://gitlab.com", "job_namespace_path"), (google, "azp"),
            ("https://confidentialcomputing.googleapis.com", "swname"), ("https://oidc.codefresh.io", "pipeline_name"),
            ("https://api.pulumi.com/oidc/v2", "https://pulumi.com/actor"),
            (google, "email_verified"), (google, "google/compute_engine/zone"),
            ("https://agent.buildkite.com", "pipeline_slug"), ("https://app.terraform.io", "terraform_workspace_name"),
            ("https://oidc.vercel.com/acme", "environment"), (github + "/octo-enterprise", "ref"),
        ])
    func noOwner(issuer: String, claim: String) throws {
        #expect(try findings(issuer, [(claim, .string("x"))]) == [.noOwner])
    }

    @Test(
        "An id that is never given to another owner is right, also beside names",
        arguments: [
            (github, "repository_id"), (github, "repository_owner_id"), (github, "enterprise_id"),
            ("https://gitlab.com", "project_id"), ("https://gitlab.com", "namespace_id"),
            (google, "google/compute_engine/project_number"),
            ("https://confidentialcomputing.googleapis.com", "submods/gce/project_number"),
            ("https://oidc.codefresh.io", "account_id"),
            ("https://api.pulumi.com/oidc/v2", "https://pulumi.com/org_id"),
            ("https://agent.buildkite.com", "organization_id"), ("https://app.terraform.io", "terraform_workspace_id"),
            ("https://oidc.vercel.com", "project_id"),
        ])
    func owners(issuer: String, claim: String) throws {
        #expect(try findings(issuer, [(claim, .string("x"))]) == [])
        #expect(
            try findings(issuer, subject: "repo:a/b", [(claim, .string("x")), ("repository", .string("a/b"))]) == [])
    }

    @Test(
        "A name that can change is a finding with the id to pin in its place",
        arguments: [
            (github, "repository", "repository_id"), (github, "repository_owner", "repository_owner_id"),
            ("https://gitlab.com", "project_path", "project_id"), (google, "email", "sub"),
            ("https://agent.buildkite.com", "organization_slug", "organization_id"),
            ("https://app.terraform.io", "terraform_organization_name", "terraform_organization_id"),
            ("https://oidc.vercel.com/acme", "owner", "owner_id"),
            (
                "https://confidentialcomputing.googleapis.com", "google_service_accounts",
                "submods/gce/project_number"
            ), ("https://oidc.codefresh.io", "account_name", "account_id"),
            ("https://api.pulumi.com/oidc/v2", "https://pulumi.com/org", "https://pulumi.com/org_id"),
        ])
    func renamable(issuer: String, claim: String, instead: String) throws {
        #expect(try findings(issuer, [(claim, .string("x"))]) == [.renamable(claim: claim, instead: instead)])
    }

    @Test(
        "A subject names its owner by a name or by an id",
        arguments: [
            (github, "repo:octo-org/octo-repo:ref:refs/heads/main", "repository_id"),
            (github, "repo:octo-org@65/octo-repo:ref:refs/heads/main", "repository_id"),
            (github, "repo:octo-org@65/octo-repo@:ref:refs/heads/main", "repository_id"),
            (github, "repo:octo-org@65/octo-repo@74:ref:refs/heads/main", nil),
            ("https://gitlab.com", "project_path:my-group/my-project:ref_type:branch:ref:main", "project_id"),
            (google, "112179062720391305885", nil),
            ("https://oidc.codefresh.io", "account:628a80b693a15c0f9c13ab75:pipeline:65e6d5551e47e5bc243ca93f", nil),
        ] as [(String, String, String?)])
    func subjects(issuer: String, subject: String, instead: String?) throws {
        let expected = instead.map { [SharedIssuer.Finding.renamable(claim: "sub", instead: $0)] } ?? []
        #expect(try findings(issuer, subject: subject) == expected)
    }

    @Test("A subject that was made without an owner names none")
    func otherSubjects() throws {
        for subject in ["environment:production", "ref:refs/heads/main", "x:repo:octo-org/octo-repo"] {
            #expect(try findings(Self.github, subject: subject) == [.noOwner])
        }
    }

    @Test("GitLab: a fork's pipeline in the parent project has the parent's job_project_id, which is no hint")
    func pipelinesOfForks() throws {
        #expect(SharedIssuer(identifier: "https://gitlab.com")?.hint.contains("job_") == false)
        let both = [("job_project_id", JSONValue.string("20")), ("project_id", .string("20"))]
        #expect(try findings("https://gitlab.com", both) == [])
    }

    @Test("A number is a finding at an issuer whose claims are all text")
    func numbers() throws {
        #expect(try findings(Self.github, [("repository_id", .integer(456))]) == [.notText(claim: "repository_id")])
        #expect(try findings(Self.google, [("google/compute_engine/project_number", .integer(7))]) == [])
    }

    @Test(
        "An issuer is shared octet for octet",
        arguments: [
            "https://token.actions.githubusercontent.com.evil.example", "https://gitlab.com/acme",
            "https://gitlab.example.com",
            "https://Gitlab.com", "https://login.microsoftonline.com/tenant/v2.0",
            "https://kubernetes.default.svc.cluster.local", "https://accounts.google.com/",
        ])
    func notShared(issuer: String) {
        #expect(SharedIssuer(identifier: issuer).map(\.name) == nil)
    }
}
