//! Policies out of their texts: parsed, named, validated against the schema, or refused with every reason.

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

/// The schema that every policy is held against.
const SCHEMA: &str = include_str!("../policies/schema.cedarschema");

/// The policies in the binary.
const EMBEDDED: [(&str, &str); 8] = [
    ("everybody", include_str!("../policies/everybody.cedar")),
    ("analyst", include_str!("../policies/analyst.cedar")),
    ("privacy_officer", include_str!("../policies/privacy_officer.cedar")),
    ("responder", include_str!("../policies/responder.cedar")),
    ("auditor", include_str!("../policies/auditor.cedar")),
    ("administrator", include_str!("../policies/administrator.cedar")),
    ("break_glass", include_str!("../policies/break_glass.cedar")),
    ("guards", include_str!("../policies/guards.cedar")),
];

/// Most policies in all, those in the binary included: each request is held against all of them.
const POLICIES_MAX: usize = 200;

/// Why policies were refused. Nothing of them is then in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct PolicyFault {
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// The line, from 1, when the fault is at one.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

/// A fault of one text: its line, when it is at one, and its reason.
type Reason = (Option<usize>, String);

/// The schema and all policies: those in the binary and the given ones (name and text).
///
/// # Errors
/// Every fault of every text.
pub(crate) fn load(more: &[(String, String)]) -> Result<(Schema, PolicySet), Vec<PolicyFault>> {
    let fault = |file: &str, reason: String| PolicyFault { file: file.to_owned(), line: None, reason };
    let schema = Schema::from_cedarschema_str(SCHEMA).map(|(schema, _)| schema);
    let schema = schema.map_err(|error| vec![fault("schema", error.to_string())])?;
    let validator = Validator::new(schema.clone());
    let own = EMBEDDED.iter().map(|(name, text)| (*name, *text));
    let texts = own.chain(more.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let (mut all, mut faults) = (PolicySet::new(), Vec::new());
    for (file, text) in texts {
        match read(file, text, &validator) {
            Ok(policies) => {
                for policy in policies {
                    faults.extend(all.add(policy).err().map(|error| fault(file, error.to_string())));
                }
            }
            Err(reasons) => {
                faults.extend(reasons.into_iter().map(|(line, reason)| PolicyFault { line, ..fault(file, reason) }))
            }
        }
    }
    if all.policies().count() > POLICIES_MAX {
        faults
            .push(fault("all policies", format!("more than {POLICIES_MAX}: each request is held against all of them")));
    }
    if faults.is_empty() { Ok((schema, all)) } else { Err(faults) }
}

/// The policies of one text, named after their file and place, or the reasons why not.
fn read(file: &str, text: &str, validator: &Validator) -> Result<Vec<Policy>, Vec<Reason>> {
    let said = |fault: &dyn Diagnostic| (line(text, fault), fault.to_string());
    let parsed: Result<PolicySet, cedar_policy::ParseErrors> = text.parse();
    let parsed = parsed.map_err(|errors| errors.iter().map(|error| said(error)).collect::<Vec<_>>())?;
    if parsed.templates().next().is_some() {
        return Err(vec![(None, "a template is never linked: write policies without slots".to_owned())]);
    }
    let checked = validator.validate(&parsed, ValidationMode::Strict);
    let errors = checked.validation_errors().map(|error| said(error));
    let warnings = checked.validation_warnings().map(|warning| said(warning));
    let reasons: Vec<Reason> = errors.chain(warnings).collect();
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let named = |policy: &Policy| policy.new_id(PolicyId::new(format!("{file}:{}", policy.id())));
    Ok(parsed.policies().map(named).collect())
}

/// The line of the first place that a fault names, from 1.
fn line(text: &str, fault: &dyn Diagnostic) -> Option<usize> {
    let offset = fault.labels()?.next()?.offset();
    Some(text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let faults = load(&[("site.cedar".to_owned(), text.to_owned())]).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.iter().all(|fault| fault.starts_with("site.cedar:")), "{told:?}");
        assert!(told.iter().any(|fault| fault.contains(expect)), "{told:?}");
    }

    #[test]
    fn the_policies_in_the_binary_are_valid() {
        let (_, policies) = load(&[]).unwrap();
        assert!(policies.policies().all(|policy| policy.annotation("id").is_some_and(|id| !id.is_empty())));
    }

    #[test]
    fn a_policy_that_does_not_fit_is_refused_with_its_reason() {
        check("permit (principal, action, resource", "unexpected end of input");
        check("permit (principal, action == Action::\"ReadFinding\", resource);", "ReadFinding");
        check(
            "permit (principal, action == Action::\"ReadFindings\", resource) when { resource.ward == \"3\" };",
            "attribute `ward`",
        );
        check(
            "permit (principal in Role::\"x\", action == Action::\"ReadAudit\", resource) when { resource.site == \"a\" };",
            "site",
        );
        check("permit (principal == ?principal, action, resource);", "template");
        check(
            "permit (principal, action == Action::\"ReadFindings\", resource) when { resource.health && !resource.health && false };",
            "impossible",
        );
    }

    #[test]
    fn a_fault_names_its_line() {
        let lines = |text: &str| -> Vec<Option<usize>> {
            let faults = load(&[("site.cedar".to_owned(), text.to_owned())]).unwrap_err();
            faults.iter().map(|fault| fault.line).collect()
        };
        assert_eq!(lines("\n\npermit (principal action, resource);"), [Some(3)]);
        assert_eq!(lines("// one\nforbid (principal, action == Action::\"ReadRule\", resource);")[0], Some(2));
        assert_eq!(lines("permit (principal == ?principal, action, resource);"), [None]);
    }

    #[test]
    fn policies_of_a_site_stand_beside_those_of_the_binary() {
        let more = "forbid (principal, action, resource) when { context.break_glass };";
        let (_, policies) = load(&[("site.cedar".to_owned(), more.to_owned())]).unwrap();
        let (_, own) = load(&[]).unwrap();
        assert_eq!(policies.policies().count(), own.policies().count() + 1);
    }
}
