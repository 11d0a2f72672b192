//! The object types a controller stores.

use super::schema::{self, Field};

/// A stored object type, in the order in which replication must create objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Tenant,
    Cluster,
    Cloud,
    VirtualService,
    Gslb,
    HealthMonitor,
    PersistenceProfile,
    PkiProfile,
    GslbService,
}

/// Whether objects of a type are copied from the leader to the followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Federation {
    Never,
    /// When the object says `is_federated`.
    Flagged,
    Always,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Tenant,
        Self::Cluster,
        Self::Cloud,
        Self::VirtualService,
        Self::Gslb,
        Self::HealthMonitor,
        Self::PersistenceProfile,
        Self::PkiProfile,
        Self::GslbService,
    ];

    /// The type in a path and in front of a uuid, such as `gslbservice`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Cluster => "cluster",
            Self::Cloud => "cloud",
            Self::VirtualService => "virtualservice",
            Self::Gslb => "gslb",
            Self::HealthMonitor => "healthmonitor",
            Self::PersistenceProfile => "applicationpersistenceprofile",
            Self::PkiProfile => "pkiprofile",
            Self::GslbService => "gslbservice",
        }
    }

    /// The type that a path piece names; `None` for types that are not simulated.
    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.path() == path)
    }

    /// The type in error texts, such as `GslbService`.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::Cluster => "Cluster",
            Self::Cloud => "Cloud",
            Self::VirtualService => "VirtualService",
            Self::Gslb => "Gslb",
            Self::HealthMonitor => "HealthMonitor",
            Self::PersistenceProfile => "ApplicationPersistenceProfile",
            Self::PkiProfile => "PKIProfile",
            Self::GslbService => "GslbService",
        }
    }

    /// When objects of this type go to the followers.
    pub fn federation(self) -> Federation {
        match self {
            Self::Gslb | Self::GslbService => Federation::Always,
            Self::HealthMonitor | Self::PersistenceProfile | Self::PkiProfile => Federation::Flagged,
            Self::Tenant | Self::Cluster | Self::Cloud | Self::VirtualService => Federation::Never,
        }
    }

    /// Whether an object belongs to one tenant and is hidden from the others.
    pub fn tenant_scoped(self) -> bool {
        !matches!(self, Self::Tenant | Self::Cluster | Self::Cloud | Self::Gslb)
    }

    /// Whether clients may create and delete objects of this type.
    pub fn created_by_clients(self) -> bool {
        !matches!(self, Self::Cluster | Self::Cloud | Self::Gslb)
    }

    /// The description of the type's fields.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Tenant => schema::base::TENANT,
            Self::Cluster => schema::base::CLUSTER,
            Self::Cloud => schema::base::CLOUD,
            Self::VirtualService => schema::base::VIRTUAL_SERVICE,
            Self::Gslb => schema::gslb::GSLB,
            Self::HealthMonitor => schema::monitor::HEALTH_MONITOR,
            Self::PersistenceProfile => schema::profile::PERSISTENCE_PROFILE,
            Self::PkiProfile => schema::profile::PKI_PROFILE,
            Self::GslbService => schema::service::GSLB_SERVICE,
        }
    }
}
