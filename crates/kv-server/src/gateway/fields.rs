//! Finds fields that are given twice: which of the two was meant is nobody's guess.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Refuses an object with a field that is there twice, by whichever of its two names, at any depth.
pub(super) fn check<'de, D: Deserializer<'de>>(text: D) -> Result<(), D::Error> {
    Checked::deserialize(text).map(drop)
}

struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Checked;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Checked, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            // `range_end` and `rangeEnd` are one field.
            if !seen.insert(key.replace('_', "").to_ascii_lowercase()) {
                return Err(A::Error::custom(format_args!("duplicate field {key:?}")));
            }
            map.next_value::<Checked>()?;
        }
        Ok(Checked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
        while items.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(Checked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_there_once() {
        let checked =
            |text: &str| check(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string());
        for text in [r#"{"a":1,"b":[{"a":null},{"a":1.5,"c":"x"}]}"#, "[]", "-3", "true"] {
            assert_eq!(checked(text), Ok(()), "{text}");
        }
        for text in [r#"{"a":1,"a":2}"#, r#"{"range_end":"","rangeEnd":""}"#, r#"{"x":[{"a":1,"a":1}]}"#] {
            assert!(checked(text).unwrap_err().contains("duplicate field"), "{text}");
        }
    }
}
