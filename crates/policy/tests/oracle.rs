//! The oracle: on random policies, rows through the scope are the rows that the policies admit one by one.
#![cfg(test)]

use cordon_policy::{Action, Asked, Decision, Policies, Principal, Role, Universe};
use proptest::prelude::*;

const SITES: [&str; 4] = ["a", "b", "c", "d"];
const CLASSES: [i64; 5] = [0, 1007, 3002, 87_006_001, 87_006_004];

/// One condition of a random policy.
fn condition() -> impl Strategy<Value = String> {
    let site = prop::sample::select(&SITES[..]);
    let class = prop::sample::select(&CLASSES[..]);
    prop_oneof![
        site.prop_map(|site| format!("resource.site == \"{site}\"")),
        Just("principal.sites.contains(resource.site)".to_owned()),
        class.clone().prop_map(|class| format!("resource.class == {class}")),
        class.prop_map(|class| format!("resource.class < {class}")),
        // so large that the sum overflows: a policy that stumbles permits nothing
        Just("resource.class + 9223372036854775000 > 5".to_owned()),
        Just("resource.health".to_owned()),
        Just("context.break_glass".to_owned()),
        Just("context.purpose == \"legal\"".to_owned()),
    ]
}

/// A random policy on reading findings.
fn policy() -> impl Strategy<Value = String> {
    let effect = prop_oneof![3 => Just("permit"), 1 => Just("forbid")];
    let who = prop_oneof![
        Just("principal".to_owned()),
        prop::sample::select(&Role::ALL[..]).prop_map(|role| format!("principal in Role::\"{}\"", role.name())),
    ];
    let conditions = prop::collection::vec((any::<bool>(), condition()), 1..4);
    (effect, who, conditions).prop_map(|(effect, who, conditions)| {
        let parts: Vec<String> = conditions
            .into_iter()
            .map(|(not, text)| if not { format!("!({text})") } else { format!("({text})") })
            .collect();
        format!("{effect} ({who}, action == Action::\"ReadFindings\", resource) when {{ {} }};", parts.join(" && "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn rows_through_the_scope_are_the_rows_admitted_one_by_one(
        policies in prop::collection::vec(policy(), 0..6),
        roles in prop::collection::btree_set(prop::sample::select(&Role::ALL[..]), 0..3),
        own in prop::option::of(prop::collection::btree_set(prop::sample::select(&SITES[..]), 0..3)),
        narrowed in prop::collection::btree_set(prop::sample::select(&SITES[..]), 0..4),
        break_glass in any::<bool>(),
    ) {
        let universe = Universe { sites: SITES.map(str::to_owned).into(), classes: CLASSES.into() };
        let texts: Vec<(String, String)> =
            policies.into_iter().enumerate().map(|(number, text)| (format!("{number}.cedar"), text)).collect();
        // one that can never apply is refused at load, and that is right
        let Ok(policies) = Policies::load(universe, &texts) else { return Ok(()) };
        let sites = own.map(|own| own.into_iter().map(str::to_owned).collect());
        let principal = Principal { roles, sites, only: None };
        let asked = Asked { purpose: None, break_glass };
        let decision = policies.decide(&principal, Action::ReadFindings, asked);
        let narrowed = narrowed.into_iter().map(str::to_owned).collect();
        let mut admitted = 0;
        for (site, class) in SITES.iter().flat_map(|site| CLASSES.map(|class| (*site, class))) {
            let alone = policies.admits_row(&principal, Action::ReadFindings, asked, site, class);
            admitted += usize::from(alone);
            if let Decision::Allowed(scope) = &decision {
                prop_assert_eq!(scope.admits(site, class), alone);
                prop_assert!(!scope.narrowed_to_sites(&narrowed).admits(site, class) || alone);
            }
        }
        prop_assert_eq!(decision == Decision::Denied, admitted == 0);
        prop_assert_eq!(policies.decide(&principal, Action::ReadFindings, asked), decision);
    }
}
