//! What a URL path stands for.

/// The parsed path of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Health,
    Version,
    /// `/api`.
    Core,
    /// `/apis`.
    Groups,
    Group(&'a str),
    GroupVersion {
        group: &'a str,
        version: &'a str,
    },
    OpenApiV2,
    OpenApiV3,
    OpenApiV3Document {
        group: &'a str,
        version: &'a str,
    },
    Resource(ResourcePath<'a>),
    Unknown,
}

/// `…/namespaces/<namespace>/<plural>/<name>/<subresource>`, with its optional parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ResourcePath<'a> {
    /// Empty for the core group.
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) plural: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) subresource: Option<&'a str>,
}

impl<'a> Route<'a> {
    pub(super) fn parse(path: &'a str) -> Self {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match *segments.as_slice() {
            ["livez" | "readyz" | "healthz", ..] => Self::Health,
            ["version"] => Self::Version,
            ["api"] => Self::Core,
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group(group),
            ["api", version] => Self::GroupVersion { group: "", version },
            ["apis", group, version] => Self::GroupVersion { group, version },
            ["openapi", "v2"] => Self::OpenApiV2,
            ["openapi", "v3"] => Self::OpenApiV3,
            ["openapi", "v3", "api", version] => Self::OpenApiV3Document { group: "", version },
            ["openapi", "v3", "apis", group, version] => Self::OpenApiV3Document { group, version },
            ["api", version, ref rest @ ..] => resource("", version, rest),
            ["apis", group, version, ref rest @ ..] => resource(group, version, rest),
            _ => Self::Unknown,
        }
    }
}

/// `namespaces/x/status` is a namespace's subresource, `namespaces/x/pods` a collection in it.
fn resource<'a>(group: &'a str, version: &'a str, rest: &[&'a str]) -> Route<'a> {
    let (namespace, rest) = match *rest {
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, ref inner @ ..] if !inner.is_empty() => (Some(namespace), inner),
        _ => (None, rest),
    };
    let (plural, name, subresource) = match *rest {
        [plural] => (plural, None, None),
        [plural, name] => (plural, Some(name), None),
        [plural, name, subresource] => (plural, Some(name), Some(subresource)),
        _ => return Route::Unknown,
    };
    Route::Resource(ResourcePath { group, version, namespace, plural, name, subresource })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(route: &str) -> ResourcePath<'_> {
        match Route::parse(route) {
            Route::Resource(path) => path,
            other => panic!("{route} is no resource path but {other:?}"),
        }
    }

    #[test]
    fn resource_paths_are_cut_into_their_parts() {
        let core = ResourcePath {
            group: "",
            version: "v1",
            namespace: None,
            plural: "namespaces",
            name: None,
            subresource: None,
        };
        assert_eq!(path("/api/v1/namespaces"), core);
        assert_eq!(path("/api/v1/namespaces/a/"), ResourcePath { name: Some("a"), ..core });
        let status = ResourcePath { name: Some("a"), subresource: Some("status"), ..core };
        assert_eq!(path("/api/v1/namespaces/a/status"), status);
        let pods = ResourcePath { namespace: Some("a"), plural: "pods", ..core };
        assert_eq!(path("/api/v1/namespaces/a/pods"), pods);
        let lease = ResourcePath { group: "coordination.k8s.io", plural: "leases", name: Some("l"), ..pods };
        assert_eq!(path("/apis/coordination.k8s.io/v1/namespaces/a/leases/l"), lease);
    }
}
