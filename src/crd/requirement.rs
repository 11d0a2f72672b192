//! What fields of one object require of each other.
//!
//! The API server asks for it in CEL (`x-kubernetes-validations`) before it stores the object. `core` asks again, since
//! an object may be older than the requirement, and answers in the object's status. Both have the same words, which are
//! those of upstream.
//!
//! Only what upstream rejects as well may stand here: objects made for it must be accepted. A requirement belongs on
//! the innermost node that has its fields, and never on the root: what is stored and breaks it is left alone for as long
//! as that node does not change, so that its status can be written and all else of it edited.

use kube::core::{Message, Reason, Rule, validate};
use schemars::Schema;

/// One requirement on one node of the schema.
#[derive(Debug)]
pub struct Requirement {
    /// True where it is kept: CEL, with the node as `self`. Null counts as absent there.
    pub holds: &'static str,
    /// What is wrong where it is not, as the status says it; `{}` stands for the value of the field that `names` says.
    pub wrong: &'static str,
    /// A field of the node, always present, whose value belongs into `wrong`.
    pub names: Option<&'static str>,
    /// What to do about it.
    pub remedy: &'static str,
    /// The field of the node that lacks something, or should not be there.
    pub field: &'static str,
    pub reason: Reason,
}

impl Requirement {
    /// What is wrong, about this value of the field that [`Self::names`] says.
    pub fn wrong_with(&self, value: &str) -> String {
        self.wrong.replacen("{}", value, 1)
    }

    fn rule(&self) -> Rule {
        let text = format!("{}: {}", self.wrong, self.remedy);
        let message = match (self.names, text.split_once("{}")) {
            // Rust and CEL write strings alike, as far as these go.
            (Some(field), Some((before, after))) => {
                Message::Expression(format!("{before:?} + self.{field} + {after:?}"))
            }
            _ => Message::Message(text),
        };
        let rule = Rule::new(self.holds).message(message).field_path(format!(".{}", self.field));
        rule.reason(self.reason.clone())
    }
}

/// Puts requirements on the schema of a type, as its `#[schemars(transform = …)]`. `KubeSchema` of kube, which has
/// attributes for this, cannot be derived for a type with `#[serde(default)]`.
pub(super) fn requires(requirements: &'static [&'static Requirement]) -> impl FnMut(&mut Schema) {
    move |schema| {
        for requirement in requirements {
            validate(schema, requirement.rule()).expect("a rule holds only strings");
        }
    }
}
