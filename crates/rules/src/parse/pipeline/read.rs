//! Reading a pipeline's YAML.

use regex::Regex;

use super::super::detection;
use super::super::fault::Fault;
use super::super::header::{find, map_of, missing, text_of, texts_of};
use super::super::suggest::did_you_mean;
use super::super::yaml::{Content, Entry, Node};
use super::{FieldTest, Names, Pipeline, RuleTest, Step, StepKind, Tests};
use crate::ast::RuleLogSource;

/// Keys of a pipeline that shape the text of queries and so change nothing here.
const QUERY_KEYS: [&str; 2] = ["postprocessing", "finalizers"];
const TYPES: [&str; 10] = [
    "field_name_mapping",
    "field_name_prefix",
    "field_name_suffix",
    "change_logsource",
    "add_condition",
    "drop_detection_item",
    "replace_string",
    "value_placeholders",
    "wildcard_placeholders",
    "rule_failure",
];
/// Keys of a step that would narrow it in a way not known here.
const UNKNOWN_TESTS: [&str; 4] =
    ["rule_cond_expr", "detection_item_conditions", "detection_item_cond_expr", "field_name_cond_expr"];

pub(super) fn read(root: &Node<'_>, warnings: &mut Vec<Fault>) -> Result<Pipeline, Fault> {
    let Content::Map(map) = &root.content else {
        return Err(Fault::new(root.line, "a pipeline must be a map of keys and values"));
    };
    for entry in map.iter().filter(|entry| QUERY_KEYS.contains(&entry.key.as_ref())) {
        warnings.push(Fault::new(entry.line, format!("`{}` shapes queries and has no effect here", entry.key)));
    }
    let priority = match text_of(map, "priority")? {
        None => 0,
        Some(text) => text.parse().map_err(|_| Fault::new(root.line, "`priority` must be a whole number"))?,
    };
    let mut pipeline = Pipeline {
        name: text_of(map, "name")?.unwrap_or("").to_owned(),
        priority,
        vars: Default::default(),
        steps: vec![],
    };
    for entry in find(map, "vars").map_or(Ok(&[][..]), map_of)? {
        pipeline.vars.insert(entry.key.to_string(), texts_of(std::slice::from_ref(entry), &entry.key)?);
    }
    for item in list_of(map, "transformations")? {
        let Content::Map(step) = &item.content else {
            return Err(Fault::new(item.line, "a transformation must be a map of keys and values"));
        };
        pipeline.steps.push(read_step(step, item.line)?);
    }
    Ok(pipeline)
}

fn list_of<'n, 't>(map: &'n [Entry<'t>], key: &str) -> Result<&'n [Node<'t>], Fault> {
    match find(map, key) {
        None => Ok(&[]),
        Some(entry) => match &entry.value.content {
            Content::List(items) => Ok(items),
            _ => Err(Fault::new(entry.line, format!("`{key}` must be a list"))),
        },
    }
}

fn read_step(map: &[Entry<'_>], line: usize) -> Result<Step, Fault> {
    if let Some(entry) = map.iter().find(|entry| UNKNOWN_TESTS.contains(&entry.key.as_ref())) {
        return Err(Fault::new(entry.line, format!("`{}` is not supported", entry.key)));
    }
    Ok(Step {
        kind: read_kind(map, line)?,
        rule_tests: Tests {
            tests: each(map, "rule_conditions", read_rule_test)?,
            any: joined_by_or(map, "rule_cond_op")?,
            negated: flag(map, "rule_cond_not")?,
        },
        field_tests: Tests {
            tests: each(map, "field_name_conditions", read_field_test)?,
            any: joined_by_or(map, "field_name_cond_op")?,
            negated: flag(map, "field_name_cond_not")?,
        },
    })
}

fn read_kind(map: &[Entry<'_>], line: usize) -> Result<StepKind, Fault> {
    let word = text_of(map, "type")?.ok_or_else(|| missing(map, line, "type"))?;
    let needed = |key: &str| Ok(text_of(map, key)?.ok_or_else(|| missing(map, line, key))?.to_owned());
    let names = || Ok(Names { include: texts_of(map, "include")?, exclude: texts_of(map, "exclude")? });
    Ok(match word {
        "field_name_mapping" => StepKind::FieldNameMapping(read_mapping(map, line)?),
        "field_name_prefix" => StepKind::FieldNamePrefix(needed("prefix")?),
        "field_name_suffix" => StepKind::FieldNameSuffix(needed("suffix")?),
        "change_logsource" => StepKind::ChangeLogSource(read_log_source(map)?),
        "add_condition" => read_add_condition(map, line)?,
        "drop_detection_item" => StepKind::DropDetectionItem,
        "replace_string" => read_replace(map, &needed("regex")?, &needed("replacement")?, line)?,
        "value_placeholders" => StepKind::ValuePlaceholders(names()?),
        "wildcard_placeholders" => StepKind::WildcardPlaceholders(names()?),
        "rule_failure" => StepKind::RuleFailure(needed("message")?),
        other => {
            let line = find(map, "type").map_or(line, |entry| entry.line);
            let fault = Fault::new(line, format!("transformation `{other}` is not supported"));
            return Err(fault.meant(did_you_mean(other, TYPES)));
        }
    })
}

fn read_mapping(map: &[Entry<'_>], line: usize) -> Result<Vec<(String, Vec<String>)>, Fault> {
    let entry = find(map, "mapping").ok_or_else(|| missing(map, line, "mapping"))?;
    let mut mapping = Vec::new();
    for pair in map_of(entry)? {
        let names = texts_of(std::slice::from_ref(pair), &pair.key)?;
        if names.is_empty() {
            return Err(Fault::new(pair.line, format!("field `{}` is mapped to nothing", pair.key)));
        }
        mapping.push((pair.key.to_string(), names));
    }
    Ok(mapping)
}

fn read_log_source(map: &[Entry<'_>]) -> Result<RuleLogSource, Fault> {
    let word = |key: &str| Ok(text_of(map, key)?.map(str::to_lowercase));
    Ok(RuleLogSource { product: word("product")?, category: word("category")?, service: word("service")? })
}

fn read_add_condition(map: &[Entry<'_>], line: usize) -> Result<StepKind, Fault> {
    if flag(map, "template")? {
        return Err(Fault::new(line, "`template` is not supported"));
    }
    let entry = find(map, "conditions").ok_or_else(|| missing(map, line, "conditions"))?;
    let detection = detection::detection(&entry.value, entry.line, "conditions", &mut Vec::new())?;
    Ok(StepKind::AddCondition { detection, negated: flag(map, "negated")? })
}

/// Python writes groups in a replacement as `\1` or `\g<1>`; `$` is plain there.
fn read_replace(map: &[Entry<'_>], regex: &str, replacement: &str, line: usize) -> Result<StepKind, Fault> {
    let regex = Regex::new(regex).map_err(|error| {
        let said = error.to_string();
        Fault::new(line, format!("the regular expression cannot be read: {}", said.lines().last().unwrap_or("")))
    })?;
    if flag(map, "skip_special")? || flag(map, "interpret_special")? {
        return Err(Fault::new(line, "`skip_special` and `interpret_special` are not supported"));
    }
    let mut out = String::with_capacity(replacement.len());
    let mut chars = replacement.chars().peekable();
    while let Some(letter) = chars.next() {
        match (letter, chars.peek().copied()) {
            ('$', _) => out.push_str("$$"),
            ('\\', Some(digit @ '0'..='9')) => {
                chars.next();
                out.push_str(&format!("${{{digit}}}"));
            }
            ('\\', Some('\\')) => {
                chars.next();
                out.push('\\');
            }
            ('\\', Some('g')) => return Err(Fault::new(line, "named groups in a replacement are not supported")),
            _ => out.push(letter),
        }
    }
    Ok(StepKind::ReplaceString { regex, replacement: out })
}

fn read_rule_test(map: &[Entry<'_>], line: usize) -> Result<RuleTest, Fault> {
    let needed = |key: &str| Ok(text_of(map, key)?.ok_or_else(|| missing(map, line, key))?.to_owned());
    let word = text_of(map, "type")?.ok_or_else(|| missing(map, line, "type"))?;
    match word {
        "logsource" => read_log_source(map).map(RuleTest::LogSource),
        "contains_field" => needed("field").map(RuleTest::ContainsField),
        "tag" => needed("tag").map(RuleTest::Tag),
        "is_sigma_rule" => Ok(RuleTest::IsRule),
        "is_sigma_correlation_rule" => Ok(RuleTest::IsCorrelation),
        other => {
            let known = ["logsource", "contains_field", "tag", "is_sigma_rule", "is_sigma_correlation_rule"];
            Err(Fault::new(line, format!("rule condition `{other}` is not supported"))
                .meant(did_you_mean(other, known)))
        }
    }
}

fn read_field_test(map: &[Entry<'_>], line: usize) -> Result<FieldTest, Fault> {
    if text_of(map, "mode")?.is_some_and(|mode| mode != "plain")
        || text_of(map, "match_type")?.is_some_and(|mode| mode != "plain")
    {
        return Err(Fault::new(line, "only plain field names are supported in field name conditions"));
    }
    let fields = texts_of(map, "fields")?;
    match text_of(map, "type")? {
        Some("include_fields") => Ok(FieldTest::Include(fields)),
        Some("exclude_fields") => Ok(FieldTest::Exclude(fields)),
        other => Err(Fault::new(line, format!("field name condition `{}` is not supported", other.unwrap_or("")))),
    }
}

fn each<T>(
    map: &[Entry<'_>],
    key: &str,
    read: impl Fn(&[Entry<'_>], usize) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::new();
    for node in list_of(map, key)? {
        let Content::Map(inner) = &node.content else {
            return Err(Fault::new(node.line, format!("`{key}` must be a list of maps")));
        };
        found.push(read(inner, node.line)?);
    }
    Ok(found)
}

fn joined_by_or(map: &[Entry<'_>], key: &str) -> Result<bool, Fault> {
    match text_of(map, key)? {
        None | Some("and") => Ok(false),
        Some("or") => Ok(true),
        Some(other) => {
            let line = find(map, key).map_or(1, |entry| entry.line);
            Err(Fault::new(line, format!("`{key}` must be `and` or `or`, not `{other}`")))
        }
    }
}

fn flag(map: &[Entry<'_>], key: &str) -> Result<bool, Fault> {
    match text_of(map, key)? {
        None | Some("false" | "False") => Ok(false),
        Some("true" | "True") => Ok(true),
        Some(other) => {
            let line = find(map, key).map_or(1, |entry| entry.line);
            Err(Fault::new(line, format!("`{key}` must be true or false, not `{other}`")))
        }
    }
}
