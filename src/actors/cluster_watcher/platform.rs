//! Whether the Ingresses of a cluster count: on OpenShift, AKO serves Routes and no Ingresses.

/// What a cluster is, by discovery: OpenShift serves ClusterVersions. Elsewhere Routes, where there are any, count beside
/// the Ingresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Plain,
    OpenShift,
}

impl Platform {
    /// `served`: whether ClusterVersions are.
    pub fn of(served: bool) -> Self {
        if served { Self::OpenShift } else { Self::Plain }
    }

    /// Whether Ingresses count. What has counted goes on counting: a new definition takes nothing away.
    pub fn ingresses_count(self, have_counted: bool) -> bool {
        self == Self::Plain || have_counted
    }

    /// What a person should know of it.
    pub fn note(self, ingresses_count: bool) -> Option<&'static str> {
        (self == Self::OpenShift && ingresses_count).then_some(
            "the cluster serves clusterversions.config.openshift.io, as OpenShift does, and its Ingresses have counted \
             before: they go on counting beside its Routes; if it is no OpenShift, take that definition away, otherwise \
             restart the operator",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    /// FND-A5
    #[test]
    fn ingresses_count_unless_the_cluster_was_openshift_from_the_first_word_on() {
        let cases = [(false, false, true), (false, true, true), (true, false, false), (true, true, true)];
        for (openshift, have_counted, expected) in cases {
            let platform = Platform::of(openshift);
            assert_eq!(platform.ingresses_count(have_counted), expected, "{platform:?} {have_counted}");
            assert_eq!(platform.note(expected).is_some(), openshift && have_counted);
        }
    }
}
