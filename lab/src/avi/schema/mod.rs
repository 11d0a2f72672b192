//! Descriptions of the object types: fields with their ranges, defaults and first API version.

pub mod base;
pub mod gslb;
pub mod monitor;
pub mod profile;
pub mod service;

use super::kind::Kind;
use super::version::ApiVersion;
use serde_json::Value;

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Text,
    Flag,
    /// A whole number in this inclusive range.
    Int(i64, i64),
    /// A number in this inclusive range.
    Decimal(f64, f64),
    Choice(&'static [&'static str]),
    Reference(Kind),
    Object(&'static [Field]),
    /// A list of at most so many items.
    List(&'static Shape, usize),
    /// Not looked into.
    Any,
}

/// What a field holds when the client leaves it out.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    /// The field stays absent.
    Absent,
    Flag(bool),
    Int(i64),
    Text(&'static str),
}

impl Preset {
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Flag(flag) => Some(flag.into()),
            Self::Int(number) => Some(number.into()),
            Self::Text(text) => Some(text.into()),
        }
    }
}

/// One field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub preset: Preset,
    pub required: bool,
    /// The first API version that knows the field.
    pub since: ApiVersion,
}

impl Field {
    const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, preset: Preset::Absent, required: false, since: ApiVersion::ALWAYS }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn or(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }

    const fn since(mut self, major: u16, minor: u16, patch: u16) -> Self {
        self.since = ApiVersion(major, minor, patch);
        self
    }
}

const fn text(name: &'static str) -> Field {
    Field::new(name, Shape::Text)
}

/// A flag that is off unless set; controllers show it as `false`.
const fn flag(name: &'static str) -> Field {
    Field::new(name, Shape::Flag).or(Preset::Flag(false))
}

const fn flag_on(name: &'static str) -> Field {
    Field::new(name, Shape::Flag).or(Preset::Flag(true))
}

const fn int(name: &'static str, low: i64, high: i64) -> Field {
    Field::new(name, Shape::Int(low, high))
}

const fn choice(name: &'static str, choices: &'static [&'static str]) -> Field {
    Field::new(name, Shape::Choice(choices))
}

const fn reference(name: &'static str, kind: Kind) -> Field {
    Field::new(name, Shape::Reference(kind))
}

const fn object(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Shape::Object(fields))
}

const fn list(name: &'static str, item: &'static Shape) -> Field {
    Field::new(name, Shape::List(item, usize::MAX))
}

const fn list_of(name: &'static str, item: &'static Shape, most: usize) -> Field {
    Field::new(name, Shape::List(item, most))
}

const fn any(name: &'static str) -> Field {
    Field::new(name, Shape::Any)
}

const KEY_VALUES: Shape = Shape::Object(&[text("key"), list("values", &Shape::Text)]);
const MARKERS: Field = list("markers", &KEY_VALUES);
const TENANT_REF: Field = reference("tenant_ref", Kind::Tenant);
const ADDRESS_TYPES: &[&str] = &["V4", "V6", "DNS"];
const ADDRESS: &[Field] = &[text("addr").required(), choice("type", ADDRESS_TYPES).required()];
const GEO_SOURCES: &[&str] =
    &["GSLB_LOCATION_SRC_USER_CONFIGURED", "GSLB_LOCATION_SRC_INHERIT_FROM_SITE", "GSLB_LOCATION_SRC_FROM_GEODB"];
const GEO_LOCATION: &[Field] = &[
    choice("source", GEO_SOURCES).required(),
    object(
        "location",
        &[
            Field::new("latitude", Shape::Decimal(-90.0, 90.0)),
            Field::new("longitude", Shape::Decimal(-180.0, 180.0)),
            text("name"),
            text("tag"),
        ],
    ),
];

/// The field of this name.
pub fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.name == name)
}
