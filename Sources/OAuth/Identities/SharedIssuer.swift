import JOSE
import WireText

/// An issuer that many organizations share, such as GitHub: every account there gets tokens from it. So an identity
/// of such an issuer must pin an owner, by an id that is never given to another owner if there is one.
package struct SharedIssuer: Sendable {
    /// For messages: "GitHub Actions".
    package let name: String
    /// Its issuer identifier.
    private let identifier: String
    /// Whether identifiers below ``identifier`` are shared too, or name one owner each by a name that can change.
    private let includesBelow: Bool
    /// Claims that name an owner, or something of one owner, and keep their meaning when it is renamed.
    private let owners: [String]
    /// Claims that name an owner by a name that can change, and be registered by another, with the claim to pin instead.
    private let renamable: [String: String]
    /// What `sub` names.
    private let subject: Subject
    /// Whether all claims are texts: a number that is pinned matches none.
    private let hasTextsOnly: Bool

    private enum Subject {
        /// An id that is never used again.
        case owner
        /// Names that can change; the claim to pin instead. It begins with one of the prefixes, each of which is followed by
        /// the owner.
        case renamable([String], instead: String)
    }

    /// What is wrong with an identity of a shared issuer.
    package enum Finding: Sendable, Equatable {
        /// No owner is pinned: tokens of strangers match too.
        case noOwner
        /// The claim can be renamed, and the name be registered by another.
        case renamable(claim: String, instead: String)
        /// The claim is pinned as a number or boolean, and the issuer writes it as text.
        case notText(claim: String)
    }

    private func has(_ identifier: String) -> Bool {
        if identifier.isSameText(as: self.identifier) { return true }
        return includesBelow && Octets(identifier).begins(with: self.identifier + "/")
    }

    /// What is wrong with the identity: ``Finding/noOwner`` alone of the owner, or one finding for each name that can change.
    /// Beside an id, a name only narrows what is accepted.
    package func findings(about identity: ClientIdentity) -> [Finding] {
        let names = identity.claims.map(\.path.description)
        var findings: [Finding] = []
        if !names.contains(where: isOwner), identity.subject.map(subjectNamesID) != true {
            findings = names.compactMap { name in
                instead(of: name).map { Finding.renamable(claim: name, instead: $0) }
            }
            if let instead = insteadOfSubject(identity.subject) {
                findings.append(.renamable(claim: "sub", instead: instead))
            }
            if findings.isEmpty { findings = [.noOwner] }
        }
        guard hasTextsOnly else { return findings }
        return findings
            + identity.claims.filter { claim in claim.accepted.contains { $0.string == nil } }
            .map { .notText(claim: $0.path.description) }
    }

    /// The claims of which an identity should pin one.
    package var hint: String {
        var names = owners
        if case .owner = subject { names.insert("subject", at: 0) }
        return "pin one of \(names.joined(separator: ", "))"
    }

    private func isOwner(_ name: String) -> Bool { owners.contains { $0.isSameText(as: name) } }

    private func instead(of name: String) -> String? {
        renamable.first { $0.key.isSameText(as: name) }?.value
    }

    /// Whether `sub` names the owner by an id.
    private func subjectNamesID(_ text: String) -> Bool {
        switch subject {
        case .owner: true
        case .renamable: Self.hasImmutableIDs(text)
        }
    }

    /// The claim to pin instead of a subject that names the owner by a name; `nil` if it names none.
    private func insteadOfSubject(_ text: String?) -> String? {
        guard let text, case .renamable(let prefixes, let instead) = subject,
            prefixes.contains(where: { Octets(text).begins(with: $0) })
        else { return nil }
        return instead
    }

    /// GitHub's immutable subject: `repo:OWNER@ID/REPOSITORY@ID:...`.
    private static func hasImmutableIDs(_ subject: String) -> Bool {
        guard Octets(subject).begins(with: "repo:") else { return false }
        let names = Octets(subject).dropFirst(5).split(at: ":").head.parts(between: "/")
        return names.count == 2
            && names.allSatisfy { name in
                let (head, id) = name.splitFromRight(at: "@")
                return head != nil && !id.isEmpty && id.allSatisfy(ASCII.isDigit)
            }
    }
}

extension SharedIssuer {
    /// The shared issuer with this identifier; `nil` for an issuer of one owner.
    package init?(identifier: String) {
        guard let known = Self.all.first(where: { $0.has(identifier) }) else { return nil }
        self = known
    }

    /// The issuers that are known to be shared, from their documentation in 2026. There are others. CircleCI, Bitbucket, Microsoft Entra and
    /// AWS have an issuer of its own for each organization, workspace, tenant and account.
    static let all: [SharedIssuer] = [
        // docs.github.com, "OpenID Connect reference". An enterprise may have an identifier below, with its slug.
        // `job_workflow_ref` names no owner: every repository may call a public reusable workflow.
        SharedIssuer(
            name: "GitHub Actions", identifier: "https://token.actions.githubusercontent.com", includesBelow: true,
            owners: ["repository_id", "repository_owner_id", "enterprise_id"],
            renamable: [
                "repository": "repository_id", "repository_owner": "repository_owner_id",
                "enterprise": "enterprise_id", "workflow_ref": "repository_id",
            ],
            subject: .renamable(["repo:", "repository:", "repository_owner:"], instead: "repository_id"),
            hasTextsOnly: true),
        // docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens". `job_project_*` and `job_namespace_*` name no
        // owner: they are those of the project that the pipeline runs in, and a merge request from a fork runs its own code there.
        SharedIssuer(
            name: "GitLab.com", identifier: "https://gitlab.com", includesBelow: false,
            owners: ["project_id", "namespace_id", "root_namespace_id"],
            renamable: [
                "project_path": "project_id", "namespace_path": "namespace_id", "ci_config_ref_uri": "project_id",
            ],
            subject: .renamable(["project_path:"], instead: "project_id"), hasTextsOnly: false),
        // cloud.google.com, "Verify the identity of VMs": `sub` is the service account's number, which is never used again; its
        // address is, when an account is deleted and made anew. `azp` is the client that asked for the token, which need not be
        // its subject.
        SharedIssuer(
            name: "Google", identifier: "https://accounts.google.com", includesBelow: false,
            owners: ["google/compute_engine/project_id", "google/compute_engine/project_number"],
            renamable: ["email": "sub"], subject: .owner, hasTextsOnly: false),
        // docs.cloud.google.com, "Token claims" of Google Cloud Attestation: `sub` is the URL of the machine in its project.
        SharedIssuer(
            name: "Google Cloud Attestation", identifier: "https://confidentialcomputing.googleapis.com",
            includesBelow: false, owners: ["submods/gce/project_id", "submods/gce/project_number"],
            renamable: ["google_service_accounts": "submods/gce/project_number"], subject: .owner,
            hasTextsOnly: false),
        // buildkite.com/docs, "OIDC in Buildkite Pipelines": a pipeline's slug is unique in its organization only.
        SharedIssuer(
            name: "Buildkite", identifier: "https://agent.buildkite.com", includesBelow: false,
            owners: ["organization_id", "pipeline_id"], renamable: ["organization_slug": "organization_id"],
            subject: .renamable(["organization:"], instead: "organization_id"), hasTextsOnly: false),
        // developer.hashicorp.com, "Workload identity": names of projects and workspaces are unique in their organization.
        SharedIssuer(
            name: "HCP Terraform", identifier: "https://app.terraform.io", includesBelow: false,
            owners: ["terraform_organization_id", "terraform_project_id", "terraform_workspace_id"],
            renamable: ["terraform_organization_name": "terraform_organization_id"],
            subject: .renamable(["organization:"], instead: "terraform_workspace_id"), hasTextsOnly: false),
        // sigstore/fulcio, `pkg/identity/codefresh`: `sub` begins with the ids of account and pipeline.
        SharedIssuer(
            name: "Codefresh", identifier: "https://oidc.codefresh.io", includesBelow: false,
            owners: ["account_id", "pipeline_id"], renamable: ["account_name": "account_id"], subject: .owner,
            hasTextsOnly: false),
        // pulumi.com/docs, "debug-oidc-claims": names and ids of organization and environment.
        SharedIssuer(
            name: "Pulumi", identifier: "https://api.pulumi.com/oidc/v2", includesBelow: false,
            owners: [
                "https://pulumi.com/org_id", "https://pulumi.com/root_env_id", "https://pulumi.com/current_env_id",
            ],
            renamable: ["https://pulumi.com/org": "https://pulumi.com/org_id"],
            subject: .renamable([], instead: "https://pulumi.com/org_id"), hasTextsOnly: false),
        // vercel.com/docs, "OIDC federation": a team's own identifier is below, with its slug.
        SharedIssuer(
            name: "Vercel", identifier: "https://oidc.vercel.com", includesBelow: true,
            owners: ["owner_id", "project_id"], renamable: ["owner": "owner_id"],
            subject: .renamable(["owner:"], instead: "project_id"), hasTextsOnly: false),
    ]
}
