//! The canonical form of JSON (RFC 8785): the bytes that are hashed.

use serde::Serialize;
use serde_json::Value;

/// The largest whole number up to which a double holds each (RFC 8785, 3.2.2.3).
const MOST: u64 = (1 << 53) - 1;

/// The canonical form of something. Fails where JSON cannot hold it, as with a map whose names are maps.
pub fn canonical<T: Serialize>(of: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut value = serde_json::to_value(of)?;
    if !is_plain(&value) {
        return serde_json_canonicalizer::to_vec(of);
    }
    value.sort_all_objects();
    serde_json::to_vec(&value)
}

/// Whether its canonical form is what JSON is usually written as, once the names are in order: so is what has no other names than ASCII, which
/// are in the same order by bytes as by UTF-16, and no numbers that the canonical form writes in its own way. That is nearly everything, and
/// takes a fraction of the time.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(it) => {
            it.as_u64().is_some_and(|it| it <= MOST) || it.as_i64().is_some_and(|it| it.unsigned_abs() <= MOST)
        }
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.iter().all(|(name, it)| name.is_ascii() && is_plain(it)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// Any value at all: names and numbers that are plain, and such as are not.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let name = prop_oneof!["[a-z_-]{0,3}", any::<String>()];
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::from),
                vec((name, inner), 0..6).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_the_canonical_form_whatever_it_holds(value in any_value()) {
            prop_assert_eq!(canonical(&value).ok(), serde_json_canonicalizer::to_vec(&value).ok());
        }
    }

    #[test]
    fn names_are_in_the_order_of_utf_16_and_numbers_as_javascript_writes_them() {
        let value = serde_json::json!({ "\u{ff5e}": 1e21, "\u{1f600}": 1.0, "b": 9_007_199_254_740_993_u64, "a": "\u{7f}\u{1f}/" });
        let text = canonical(&value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let wanted = "{\"a\":\"\u{7f}\\u001f/\",\"b\":9007199254740992,\"\u{1f600}\":1,\"\u{ff5e}\":1e+21}";
        assert_eq!(text.as_deref(), Some(wanted));
    }
}
