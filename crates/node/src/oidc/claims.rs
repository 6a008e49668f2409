//! What the claims of a person mean here: roles and sites by the mapping of the settings, and whether a second factor was shown.

use std::collections::{BTreeMap, BTreeSet};

use cordon_policy::Role;
use serde_json::{Map, Value};

use crate::config::OidcRole;

/// What somebody may be here.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Granted {
    /// Empty for no access.
    pub(super) roles: BTreeSet<Role>,
    /// `None` for all.
    pub(super) sites: Option<BTreeSet<String>>,
}

/// The claim of this path: one whose whole name it is, else the members between its points (`realm_access.roles`).
pub(super) fn at<'c>(claims: &'c Map<String, Value>, path: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut parts = path.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// The texts of a claim: one, or a list.
pub(super) fn texts(claim: Option<&Value>) -> BTreeSet<&str> {
    match claim {
        Some(Value::String(text)) => BTreeSet::from([text.as_str()]),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

/// What these groups give. A user here has every role at every site of its own, so sites are those at which each of its roles was given: what no group gave, nobody gets.
pub(super) fn granted(mapping: &[OidcRole], groups: &BTreeSet<&str>) -> Granted {
    let mut sites_of_roles: BTreeMap<Role, Option<BTreeSet<String>>> = BTreeMap::new();
    for entry in mapping.iter().filter(|entry| groups.contains(entry.value.as_str())) {
        for role in &entry.roles {
            let sites = sites_of_roles.entry(*role).or_insert_with(|| Some(BTreeSet::new()));
            *sites = match (sites.take(), entry.sites.is_empty()) {
                (Some(sites), false) => Some(sites.into_iter().chain(entry.sites.iter().cloned()).collect()),
                _ => None,
            };
        }
    }
    let sites = sites_of_roles.values().flatten().cloned().reduce(|one, other| &one & &other);
    if sites.as_ref().is_some_and(BTreeSet::is_empty) {
        tracing::warn!("the groups of a person give roles that have no site in common, so they give nothing");
        return Granted::default();
    }
    Granted { roles: sites_of_roles.into_keys().collect(), sites }
}

/// Whether the provider says in one of the ways that the settings name that a second factor was shown: `acr` (Entra: `acrs`) or `amr` (RFC 8176).
pub(super) fn has_second_factor(claims: &Map<String, Value>, acr: &[String], amr: &[String]) -> bool {
    let says = |name: &str, wanted: &[String]| {
        let said = texts(claims.get(name));
        wanted.iter().any(|wanted| said.contains(wanted.as_str()))
    };
    says("acr", acr) || says("acrs", acr) || says("amr", amr)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(value: &str, roles: &[Role], sites: &[&str]) -> OidcRole {
        let sites = sites.iter().map(|site| (*site).to_owned()).collect();
        OidcRole { value: value.to_owned(), roles: roles.to_vec(), sites }
    }

    fn check(groups: Value, roles: &[Role], sites: Option<&[&str]>) {
        let mapping = [
            entry("analysts", &[Role::Analyst], &[]),
            entry("analysts-north", &[Role::Analyst], &["north"]),
            entry("analysts-south", &[Role::Analyst], &["south", "main"]),
            entry("privacy-north", &[Role::PrivacyOfficer], &["north", "main"]),
            entry("it", &[Role::Administrator, Role::Responder], &[]),
        ];
        let sites = sites.map(|sites| sites.iter().map(|site| (*site).to_owned()).collect());
        let expect = Granted { roles: roles.iter().copied().collect(), sites };
        assert_eq!(granted(&mapping, &texts(Some(&groups))), expect, "{groups}");
    }

    #[test]
    fn groups_give_their_roles_and_no_role_at_a_site_that_no_group_gave() {
        check(json!(["analysts", "others"]), &[Role::Analyst], None);
        check(json!("analysts"), &[Role::Analyst], None);
        check(json!(["analysts-north"]), &[Role::Analyst], Some(&["north"]));
        check(json!(["analysts-north", "analysts-south"]), &[Role::Analyst], Some(&["main", "north", "south"]));
        check(json!(["analysts-north", "analysts"]), &[Role::Analyst], None);
        check(json!(["analysts", "privacy-north"]), &[Role::Analyst, Role::PrivacyOfficer], Some(&["main", "north"]));
        check(json!(["analysts-south", "privacy-north"]), &[Role::Analyst, Role::PrivacyOfficer], Some(&["main"]));
        check(
            json!(["it", "analysts-north"]),
            &[Role::Administrator, Role::Analyst, Role::Responder],
            Some(&["north"]),
        );
    }

    #[test]
    fn without_a_group_of_the_mapping_there_is_no_role() {
        for groups in [json!([]), json!(["others"]), json!(["Analysts", " analysts", "analyst"]), json!(""), json!(7)] {
            check(groups, &[], None);
        }
        check(json!({"analysts": true}), &[], None);
        check(json!([["analysts"], 7, null]), &[], None);
        assert_eq!(granted(&[], &texts(None)), Granted::default());
        // roles that were given at different sites have none in common
        let mapping = [entry("a", &[Role::Analyst], &["north"]), entry("b", &[Role::Auditor], &["south"])];
        assert_eq!(granted(&mapping, &BTreeSet::from(["a", "b"])), Granted::default());
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_its_path() {
        let claims = json!({
            "groups": ["g"], "realm_access": {"roles": ["r"]}, "https://lakeside.example/roles": "u", "a.b": 1, "a": {"b": 2}
        });
        let found = |path: &str| at(claims.as_object().unwrap(), path).cloned();
        assert_eq!(found("groups"), Some(json!(["g"])));
        assert_eq!(found("realm_access.roles"), Some(json!(["r"])));
        assert_eq!(found("https://lakeside.example/roles"), Some(json!("u")));
        assert_eq!(found("a.b"), Some(json!(1)));
        for path in ["", ".", "groups.0", "realm_access.", "realm_access.roles.x", "other"] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn a_second_factor_counts_only_in_a_way_that_the_settings_name() {
        let holds = |claims: Value, acr: &[&str], amr: &[&str]| {
            let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            has_second_factor(claims.as_object().unwrap(), &own(acr), &own(amr))
        };
        assert!(holds(json!({"amr": ["pwd", "mfa"]}), &[], &["mfa", "hwk"]));
        assert!(holds(json!({"amr": "mfa"}), &[], &["mfa"]));
        assert!(holds(json!({"acr": "2"}), &["2", "3"], &[]));
        assert!(holds(json!({"acrs": ["c1"]}), &["c1"], &["mfa"]));
        assert!(!holds(json!({"amr": ["pwd"], "acr": "1"}), &["2"], &["mfa"]));
        assert!(!holds(json!({"amr": ["mfa"], "acr": "2"}), &[], &[]));
        assert!(!holds(json!({"acr": "mfa", "amr": ["2"]}), &["2"], &["mfa"]));
        assert!(!holds(json!({"acr": 2}), &["2"], &["mfa"]));
        assert!(!holds(json!({}), &["2"], &["mfa"]));
    }
}
