//! Roles, bindings and what else belongs to access.

use super::messages::messages;
use super::meta::ObjectMeta;

messages! {
    /// Also a ClusterRole.
    Role {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        rules: Vec<PolicyRule> => [message, repeated, tag = "2"],
    }

    PolicyRule {
        verbs: Vec<String> => [string, repeated, tag = "1"],
        api_groups: Vec<String> => [string, repeated, tag = "2"],
        resources: Vec<String> => [string, repeated, tag = "3"],
        resource_names: Vec<String> => [string, repeated, tag = "4"],
        non_resource_urls: Vec<String> => [string, repeated, tag = "5"] [rename = "nonResourceURLs"],
    }

    /// Also a ClusterRoleBinding.
    RoleBinding {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        subjects: Vec<RoleSubject> => [message, repeated, tag = "2"],
        role_ref: Option<RoleRef> => [message, optional, tag = "3"],
    }

    RoleSubject {
        kind: String => [string, tag = "1"],
        api_group: String => [string, tag = "2"],
        name: String => [string, tag = "3"],
        namespace: String => [string, tag = "4"],
    }

    RoleRef {
        api_group: String => [string, tag = "1"],
        kind: String => [string, tag = "2"],
        name: String => [string, tag = "3"],
    }

    TokenRequest {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<TokenRequestSpec> => [message, optional, tag = "2"],
    }

    TokenRequestSpec {
        audiences: Vec<String> => [string, repeated, tag = "1"],
        expiration_seconds: Option<i64> => [int64, optional, tag = "4"],
    }

    SelfSubjectRulesReview {
        metadata: Option<ObjectMeta> => [message, optional, tag = "1"],
        spec: Option<SelfSubjectRulesReviewSpec> => [message, optional, tag = "2"],
    }

    SelfSubjectRulesReviewSpec {
        namespace: String => [string, tag = "1"],
    }
}
