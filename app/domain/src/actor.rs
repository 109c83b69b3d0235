//! Who acts: a person with a session, the portal doing a job, or an operator at the command line.

use crate::ids::IdentityId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who acts. What they may do is not decided by this, but by an [`crate::authority::Authority`] read in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Actor {
    /// Somebody signed in.
    Person {
        /// Who.
        id: IdentityId,
        /// Their name at the time.
        name: String,
    },
    /// The portal itself, doing a job that is due.
    System,
    /// Somebody with the machine's command line.
    Operator,
}

impl Actor {
    /// The person, if it is one.
    pub fn person(&self) -> Option<IdentityId> {
        match self {
            Self::Person { id, .. } => Some(*id),
            Self::System | Self::Operator => None,
        }
    }

    /// Whether this is that person.
    pub fn is(&self, id: IdentityId) -> bool {
        self.person() == Some(id)
    }

    /// Whether both are one and the same, whatever they were called at the time.
    pub fn is_one_with(&self, other: &Self) -> bool {
        match (self.person(), other.person()) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self == other,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { name, .. } => f.write_str(name),
            Self::System => f.write_str("Sallyport"),
            Self::Operator => f.write_str("the command line"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_person_is_the_same_under_another_name() {
        let person = |id, name: &str| Actor::Person { id: IdentityId(Uuid::from_u128(id)), name: name.to_owned() };
        assert!(person(1, "Ann Asker").is_one_with(&person(1, "Ann Answer")));
        assert!(!person(1, "Ann Asker").is_one_with(&person(2, "Ann Asker")));
        assert!(Actor::Operator.is_one_with(&Actor::Operator) && !Actor::Operator.is_one_with(&Actor::System));
        assert!(!Actor::System.is_one_with(&person(1, "Sallyport")) && !person(1, "Ann").is_one_with(&Actor::Operator));
    }
}
