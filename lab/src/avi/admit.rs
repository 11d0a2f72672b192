//! Field checks: what a client sent becomes what is stored, or a refusal that names the field.

use super::inferred;
use super::reference::Resolver;
use super::schema::{self, Field, Shape};
use super::version::ApiVersion;
use serde_json::{Map, Value};

/// Fields that belong to the controller; what clients send for them is checked elsewhere or ignored.
pub(super) const OWNED: &[&str] = &["url", "uuid", "_last_modified", "configpb_attributes"];

/// The surroundings of a check.
pub(super) struct Admission<'a> {
    /// The version of the request's header.
    pub version: ApiVersion,
    /// The controller's own version: newer fields get no default.
    pub newest: ApiVersion,
    pub resolver: Resolver<'a>,
}

impl Admission<'_> {
    /// Checks a whole object and fills in its defaults.
    pub fn object(&self, fields: &'static [Field], sent: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        self.nested(fields, sent, "")
    }

    /// Checks the fields that are there, without asking for the others.
    pub fn present(&self, fields: &'static [Field], sent: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        self.fields(fields, sent, "")
    }

    fn nested(
        &self,
        fields: &'static [Field],
        sent: &Map<String, Value>,
        path: &str,
    ) -> Result<Map<String, Value>, String> {
        let mut admitted = self.fields(fields, sent, path)?;
        for field in fields.iter().filter(|field| field.since <= self.newest) {
            if admitted.contains_key(field.name) {
                continue;
            }
            if field.required {
                return Err(inferred::missing_field(&join(path, field.name)));
            }
            if let Some(value) = field.preset.value() {
                admitted.insert(field.name.to_owned(), value);
            }
        }
        Ok(admitted)
    }

    fn fields(
        &self,
        fields: &'static [Field],
        sent: &Map<String, Value>,
        path: &str,
    ) -> Result<Map<String, Value>, String> {
        let mut admitted = Map::new();
        for (key, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
            if path.is_empty() && OWNED.contains(&key.as_str()) {
                continue;
            }
            let (field, value) = known_field(fields, key, value, path)?;
            if field.since > self.version {
                return Err(inferred::field_too_new(self.version, field.name, field.since));
            }
            admitted.insert(field.name.to_owned(), self.value(field.shape, &value, &join(path, field.name))?);
        }
        Ok(admitted)
    }

    fn value(&self, shape: Shape, value: &Value, path: &str) -> Result<Value, String> {
        match (shape, value) {
            (Shape::Any, _) | (Shape::Text, Value::String(_)) | (Shape::Flag, Value::Bool(_)) => Ok(value.clone()),
            (Shape::Int(low, high), Value::Number(_)) => integer(value, low, high, path),
            (Shape::Decimal(low, high), Value::Number(number)) => match number.as_f64() {
                Some(number) if (low..=high).contains(&number) => Ok(value.clone()),
                _ => Err(inferred::out_of_range(path, low, high)),
            },
            (Shape::Choice(choices), Value::String(text)) if choices.contains(&text.as_str()) => Ok(value.clone()),
            (Shape::Choice(_), Value::String(text)) => Err(inferred::unknown_choice(path, text)),
            (Shape::Reference(kind), Value::String(text)) => self.resolver.resolve(kind, text).map(Value::from),
            (Shape::Object(fields), Value::Object(map)) => self.nested(fields, map, path).map(Value::Object),
            (Shape::List(_, most), Value::Array(items)) if items.len() > most => Err(inferred::too_many(path, most)),
            (Shape::List(item, _), Value::Array(items)) => {
                let checked =
                    items.iter().enumerate().map(|(at, value)| self.value(*item, value, &format!("{path}[{at}]")));
                checked.collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            _ => Err(inferred::wrong_type(path, expected(shape))),
        }
    }
}

/// The field that a key means. `x_name` may stand in for the reference `x_ref`.
fn known_field(
    fields: &'static [Field],
    key: &str,
    value: &Value,
    path: &str,
) -> Result<(&'static Field, Value), String> {
    if let Some(field) = schema::find(fields, key) {
        return Ok((field, value.clone()));
    }
    let by_name = key.strip_suffix("_name").and_then(|stem| schema::find(fields, &format!("{stem}_ref")));
    match (by_name, value) {
        (Some(field @ Field { shape: Shape::Reference(kind), .. }), Value::String(name)) => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
            Ok((field, format!("/api/{}?{query}", kind.path()).into()))
        }
        _ => Err(inferred::unknown_field(&join(path, key))),
    }
}

fn integer(value: &Value, low: i64, high: i64, path: &str) -> Result<Value, String> {
    match value.as_i64() {
        Some(number) if (low..=high).contains(&number) => Ok(value.clone()),
        Some(_) => Err(inferred::out_of_range(path, low, high)),
        None => Err(inferred::wrong_type(path, "a whole number")),
    }
}

fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Choice(_) => "a string",
        Shape::Flag => "true or false",
        Shape::Int(..) => "a whole number",
        Shape::Decimal(..) => "a number",
        Shape::Reference(_) => "a reference",
        Shape::Object(_) => "an object",
        Shape::List(..) => "a list",
        Shape::Any => "any value",
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
