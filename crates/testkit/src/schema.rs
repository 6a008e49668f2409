//! The part of JSON Schema (draft 2020-12) that our schemas use. A keyword that it does not know fails the check: nothing is passed over.

use serde_json::{Map, Value};

/// Says that `instance` meets `schema`, or where it does not.
///
/// # Errors
/// The path in the instance and the keyword that it breaks, or a keyword that this checker does not know.
pub fn check(schema: &Value, instance: &Value) -> Result<(), String> {
    Checker { root: schema }.check(schema, instance, "$")
}

struct Checker<'s> {
    root: &'s Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, instance: &Value, path: &str) -> Result<(), String> {
        let Some(schema) = schema.as_object() else { return Err(format!("{path}: a schema is not an object")) };
        for (keyword, rule) in schema {
            self.keyword(keyword, rule, schema, instance, path)?;
        }
        Ok(())
    }

    fn keyword(
        &self,
        keyword: &str,
        rule: &Value,
        schema: &Map<String, Value>,
        instance: &Value,
        path: &str,
    ) -> Result<(), String> {
        let holds = match keyword {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => return self.reference(rule, instance, path),
            "const" => instance == rule,
            "enum" => rule.as_array().is_some_and(|values| values.contains(instance)),
            "type" => has_type(rule, instance),
            "required" => names(rule).all(|name| instance.get(name).is_some()),
            "minimum" => instance.as_f64().is_none_or(|number| rule.as_f64().is_some_and(|least| number >= least)),
            "minLength" => instance.as_str().is_none_or(|text| at_least(text.chars().count(), rule)),
            "minItems" => instance.as_array().is_none_or(|items| at_least(items.len(), rule)),
            "maxItems" => {
                instance.as_array().is_none_or(|items| !at_least(items.len(), rule) || count(rule) == Some(items.len()))
            }
            "pattern" => match (regex::Regex::new(rule.as_str().unwrap_or("[")), instance.as_str()) {
                (Ok(pattern), text) => text.is_none_or(|text| pattern.is_match(text)),
                (Err(error), _) => return Err(format!("{path}: {error}")),
            },
            "additionalProperties" => rule == &Value::Bool(false) && only_known(schema, instance),
            "properties" => return self.properties(rule, instance, path),
            "items" => return self.items(rule, instance, path),
            _ => return Err(format!("{path}: keyword {keyword} is not known to this checker")),
        };
        if holds { Ok(()) } else { Err(format!("{path}: breaks {keyword} {rule}: {instance}")) }
    }

    fn reference(&self, rule: &Value, instance: &Value, path: &str) -> Result<(), String> {
        let pointer = rule.as_str().and_then(|text| text.strip_prefix('#')).unwrap_or("/none");
        match self.root.pointer(pointer) {
            Some(schema) => self.check(schema, instance, path),
            None => Err(format!("{path}: {rule} leads nowhere")),
        }
    }

    fn properties(&self, rule: &Value, instance: &Value, path: &str) -> Result<(), String> {
        for (name, schema) in rule.as_object().into_iter().flatten() {
            if let Some(value) = instance.get(name) {
                self.check(schema, value, &format!("{path}.{name}"))?;
            }
        }
        Ok(())
    }

    fn items(&self, rule: &Value, instance: &Value, path: &str) -> Result<(), String> {
        for (place, item) in instance.as_array().into_iter().flatten().enumerate() {
            self.check(rule, item, &format!("{path}[{place}]"))?;
        }
        Ok(())
    }
}

fn has_type(rule: &Value, instance: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => instance.is_object(),
        "array" => instance.is_array(),
        "string" => instance.is_string(),
        "integer" => instance.is_i64() || instance.is_u64(),
        "number" => instance.is_number(),
        "boolean" => instance.is_boolean(),
        "null" => instance.is_null(),
        _ => false,
    };
    rule.as_str().map_or_else(|| names(rule).any(is), is)
}

fn names(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn count(rule: &Value) -> Option<usize> {
    usize::try_from(rule.as_u64()?).ok()
}

fn at_least(length: usize, rule: &Value) -> bool {
    count(rule).is_some_and(|least| length >= least)
}

fn only_known(schema: &Map<String, Value>, instance: &Value) -> bool {
    let known = schema.get("properties").and_then(Value::as_object);
    instance
        .as_object()
        .is_none_or(|object| object.keys().all(|name| known.is_some_and(|known| known.contains_key(name))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn breaks(schema: &Value, instance: &Value) -> String {
        check(schema, instance).err().unwrap_or_default()
    }

    #[test]
    fn each_keyword_is_checked() {
        for (schema, good, bad) in [
            (json!({"type": ["string", "null"]}), json!(null), json!(1)),
            (json!({"const": "1"}), json!("1"), json!(1)),
            (json!({"enum": ["a"]}), json!("a"), json!("b")),
            (json!({"required": ["a"]}), json!({"a": 1}), json!({"b": 1})),
            (json!({"minimum": 0}), json!(0), json!(-1)),
            (json!({"minLength": 1}), json!("a"), json!("")),
            (json!({"minItems": 1}), json!([1]), json!([])),
            (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
            (json!({"pattern": "^a+$"}), json!("aa"), json!("ab")),
            (json!({"additionalProperties": false, "properties": {"a": {}}}), json!({"a": 1}), json!({"b": 1})),
            (json!({"properties": {"a": {"type": "integer"}}}), json!({"a": 1}), json!({"a": "1"})),
            (json!({"items": {"type": "integer"}}), json!([1]), json!([1, "2"])),
            (json!({"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}), json!(1), json!(2)),
        ] {
            assert_eq!(breaks(&schema, &good), "", "{schema}");
            assert_ne!(breaks(&schema, &bad), "", "{schema}");
        }
    }

    #[test]
    fn an_unknown_keyword_fails() {
        assert!(breaks(&json!({"maximum": 1}), &json!(0)).contains("maximum"));
    }
}
