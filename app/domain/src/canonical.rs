//! The canonical form of JSON (RFC 8785), in which events are hashed and statements are signed: no spaces, and the properties of every
//! object in the order of their names. What that form is, `serde_json_canonicalizer` says, and whatever is rare in it is left to it. What
//! is common is written here in one go, as whoever checks the trail writes every event of it once more.

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::{cell::RefCell, io};

/// Every integer up to this one is a number in JSON just as it is.
const MOST: u64 = 1 << 53;

/// Writes something in its canonical form. It must hold no floating-point numbers, as not all of them are numbers in JSON.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    in_one_go(value).map_or_else(|| serde_json_canonicalizer::to_vec(value), Ok)
}

/// The same where all of it is common.
fn in_one_go<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let text = RefCell::new(Vec::with_capacity(1024));
    let form = Form { text: &text, objects: Vec::new(), properties: Vec::new(), sorted: Vec::new() };
    let written = value.serialize(&mut Serializer::with_formatter(Text(&text), form));
    written.ok().map(|()| text.into_inner())
}

/// Where everything is written.
struct Text<'a>(&'a RefCell<Vec<u8>>);

impl io::Write for Text<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts the properties of each object in order as soon as all of them are written.
struct Form<'a> {
    text: &'a RefCell<Vec<u8>>,
    /// The objects that are not finished, the innermost last.
    objects: Vec<Object>,
    /// Their properties, those of the innermost last.
    properties: Vec<Property>,
    /// The properties of one object in order, kept only to be filled again.
    sorted: Vec<u8>,
}

/// An object that is not finished.
struct Object {
    /// Where its first property begins in the text.
    begins: usize,
    /// How many properties there are of those around it.
    before: usize,
}

/// A property, by where it stands in the text.
struct Property {
    begins: usize,
    name_ends: usize,
    ends: usize,
}

impl Property {
    /// Its name, without the quotation marks.
    fn name<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.begins.saturating_add(1)..self.name_ends.saturating_sub(1)).unwrap_or_default()
    }
}

/// Whether each name comes after the one before it, and none twice.
fn is_in_order(properties: &[Property], text: &[u8]) -> bool {
    properties.is_sorted_by(|a, b| a.name(text) < b.name(text))
}

/// It is left to who knows all of the form.
fn rare() -> io::Error {
    io::ErrorKind::Unsupported.into()
}

impl Form<'_> {
    fn put_in_order(&mut self, object: &Object) -> io::Result<()> {
        let mut text = self.text.borrow_mut();
        let Some(properties) = self.properties.get_mut(object.before..) else { return Err(rare()) };
        if !is_in_order(properties, &text) {
            properties.sort_unstable_by(|a, b| a.name(&text).cmp(b.name(&text)));
            if !is_in_order(properties, &text) {
                return Err(rare());
            }
            self.sorted.clear();
            for property in properties.iter() {
                if !self.sorted.is_empty() {
                    self.sorted.push(b',');
                }
                self.sorted.extend_from_slice(text.get(property.begins..property.ends).unwrap_or_default());
            }
            text.truncate(object.begins);
            text.extend_from_slice(&self.sorted);
        }
        self.properties.truncate(object.before);
        Ok(())
    }
}

impl Formatter for Form<'_> {
    fn write_i64<W>(&mut self, writer: &mut W, value: i64) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if value.unsigned_abs() > MOST { Err(rare()) } else { CompactFormatter.write_i64(writer, value) }
    }

    fn write_u64<W>(&mut self, writer: &mut W, value: u64) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if value > MOST { Err(rare()) } else { CompactFormatter.write_u64(writer, value) }
    }

    fn write_i128<W>(&mut self, _: &mut W, _: i128) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        Err(rare())
    }

    fn write_u128<W>(&mut self, _: &mut W, _: u128) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        Err(rare())
    }

    fn write_f32<W>(&mut self, _: &mut W, _: f32) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        Err(rare())
    }

    fn write_f64<W>(&mut self, _: &mut W, _: f64) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        Err(rare())
    }

    fn write_number_str<W>(&mut self, _: &mut W, _: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        Err(rare())
    }

    fn write_raw_fragment<W>(&mut self, _: &mut W, _: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        Err(rare())
    }

    fn begin_object<W>(&mut self, writer: &mut W) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        writer.write_all(b"{")?;
        self.objects.push(Object { begins: self.text.borrow().len(), before: self.properties.len() });
        Ok(())
    }

    fn end_object<W>(&mut self, writer: &mut W) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let Some(object) = self.objects.pop() else { return Err(rare()) };
        self.put_in_order(&object)?;
        writer.write_all(b"}")
    }

    fn begin_object_key<W>(&mut self, writer: &mut W, first: bool) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if !first {
            writer.write_all(b",")?;
        }
        let begins = self.text.borrow().len();
        self.properties.push(Property { begins, name_ends: begins, ends: begins });
        Ok(())
    }

    fn end_object_key<W>(&mut self, _: &mut W) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let text = self.text.borrow();
        let Some(property) = self.properties.last_mut() else { return Err(rare()) };
        property.name_ends = text.len();
        // The order is that of UTF-16. It is that of the bytes too, but where a character takes four of them or is escaped.
        let is_common = property.name(&text).iter().all(|byte| *byte != b'\\' && *byte < 0xF0);
        if is_common { Ok(()) } else { Err(rare()) }
    }

    fn end_object_value<W>(&mut self, _: &mut W) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let Some(property) = self.properties.last_mut() else { return Err(rare()) };
        property.ends = self.text.borrow().len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection, prelude::*};
    use serde_json::Value;
    use std::collections::HashMap;

    /// JSON whose objects are in no order.
    #[derive(Clone, Debug, Serialize)]
    #[serde(untagged)]
    enum Json {
        Leaf(Value),
        List(Vec<Json>),
        Object(HashMap<String, Json>),
    }

    fn json(leaf: impl Strategy<Value = Value> + 'static, name: &'static str) -> impl Strategy<Value = Json> {
        leaf.prop_map(Json::Leaf).prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..8).prop_map(Json::List),
                collection::hash_map(name, inner, 0..8).prop_map(Json::Object),
            ]
        })
    }

    fn common() -> impl Strategy<Value = Json> {
        let most = 1_i64 << 53;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            (-most..=most).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        json(leaf, "[ !a-cé\u{e000}\u{fffd}]{0,3}")
    }

    fn anything() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e20_f64..1e20).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        json(leaf, ".{0,3}")
    }

    proptest! {
        #[test]
        fn what_is_common_is_written_in_one_go_as_the_standard_says(it in common()) {
            prop_assert_eq!(in_one_go(&it), serde_json_canonicalizer::to_vec(&it).ok());
        }

        #[test]
        fn whatever_is_rare_is_written_as_the_standard_says(it in anything()) {
            prop_assert_eq!(to_vec(&it).ok(), serde_json_canonicalizer::to_vec(&it).ok());
        }
    }
}
