//! The decision: every site and class that the node knows is asked about, one row at a time, and the answers are gathered into a scope.
//!
//! So a scope is right by construction: it admits a row exactly when the policies admit that row.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use cedar_policy::{
    Authorizer, Context, Decision as CedarDecision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request, RestrictedExpression, Schema,
};

use crate::load::{PolicyFault, load};
use crate::{AccessScope, Action, Grant, OFFICE_CASES, Purpose, Role, STAFF_CASES, Target};

/// Decisions that are remembered; beyond this the memory is emptied. A node has few kinds of askers.
const REMEMBERED_MAX: usize = 1_024;

/// Accounts by name, and by pseudonym, as policies call them.
const USER: &str = "user";
const USER_PSEUDONYM: &str = "user_pseudonym";

/// The column that can name anybody anywhere: it has no pseudonyms, it is shown or not.
const REST: &str = "rest";

/// Columns that name somebody, as policies call them, with the columns of tables that hold it. `rest` holds whatever has no column of its own.
const COLUMNS: [(&str, &[&str]); 2] = [
    ("patient_ref", &["patient_ref", "patient_refs", REST]),
    (
        USER,
        &[
            "user",
            "user_name",
            "user_uid",
            "user_domain",
            "actor_user_name",
            "actor_user_uid",
            "actor_user_domain",
            "actor_session_uid",
            REST,
        ],
    ),
];

/// What the node knows: rows of other sites and classes are admitted to nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Universe {
    /// All sites.
    pub sites: BTreeSet<String>,
    /// All OCSF classes (`class_uid`).
    pub classes: BTreeSet<i64>,
}

/// Who asks: a person or a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// What it is here for.
    pub roles: BTreeSet<Role>,
    /// The sites it belongs to; `None` for all.
    pub sites: Option<BTreeSet<String>>,
    /// Of a token: the only actions that it may do at all; `None` for what the roles give.
    pub only: Option<BTreeSet<Action>>,
}

/// How somebody asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// What for.
    pub purpose: Option<Purpose>,
    /// Whether it is an emergency. The caller writes an audit row and has it reviewed.
    pub break_glass: bool,
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No policy permits it, or one forbids it.
    Denied,
    /// It may be done, within the scope.
    Allowed(AccessScope),
}

/// How a site shows the accounts of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffNames {
    /// By name, to everybody who may see accounts.
    ByName,
    /// By pseudonym; privacy officers see names at once.
    ByPseudonymButToOfficers,
    /// By pseudonym to everybody, until two people of two roles unlock one.
    ByPseudonym,
}

/// All policies in force.
pub struct Policies {
    schema: Schema,
    policies: PolicySet,
    universe: Universe,
    staff_names: StaffNames,
    remembered: Mutex<BTreeMap<(Principal, Action, Asked), Decision>>,
}

/// Whether a class is one of the OCSF extension `healthcare` (uid 870).
#[must_use]
pub const fn is_health(class_uid: i64) -> bool {
    class_uid / 100_000 == 870
}

impl Policies {
    /// The policies in the binary and those of a site (name of the file and text), for what the node knows.
    ///
    /// # Errors
    /// Every fault of every text; then none is in force.
    pub fn load(universe: Universe, more: &[(String, String)]) -> Result<Self, Vec<PolicyFault>> {
        let (schema, policies) = load(more)?;
        Ok(Self { schema, policies, universe, staff_names: StaffNames::ByName, remembered: Mutex::default() })
    }

    /// The same policies where the site shows the accounts of people so.
    #[must_use]
    pub fn with_staff_names(self, staff_names: StaffNames) -> Self {
        Self { staff_names, remembered: Mutex::default(), ..self }
    }

    /// Whether the site shows the accounts of people by pseudonyms.
    #[must_use]
    pub const fn has_staff_pseudonyms(&self) -> bool {
        !matches!(self.staff_names, StaffNames::ByName)
    }

    /// Decides about one request. The same question is answered from memory.
    #[must_use]
    pub fn decide(&self, principal: &Principal, action: Action, asked: Asked) -> Decision {
        let key = (principal.clone(), action, asked);
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(decision) = remembered.get(&key) {
            return decision.clone();
        }
        drop(remembered);
        let decision = self.decide_afresh(principal, action, asked);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(key, decision.clone());
        decision
    }

    /// Whether the policies admit one row to one request: what a scope must agree with. For tests and explanations; requests use [`Policies::decide`].
    #[must_use]
    pub fn admits_row(&self, principal: &Principal, action: Action, asked: Asked, site: &str, class_uid: i64) -> bool {
        let question = Question::new(self, principal, action, asked);
        action.target() == Target::Records && question.is_some_and(|question| question.row(site, class_uid))
    }

    fn decide_afresh(&self, principal: &Principal, action: Action, asked: Asked) -> Decision {
        let Some(question) = Question::new(self, principal, action, asked) else { return Decision::Denied };
        let grants = match action.target() {
            Target::Records => question.record_grants(),
            Target::Cases => question.case_grants(),
            Target::Places => question.place_grants(),
            Target::Node => {
                let is_permitted = question.resource("Node", "node", Vec::new());
                return if is_permitted { question.allowed(Vec::new()) } else { Decision::Denied };
            }
        };
        if grants.is_empty() { Decision::Denied } else { question.allowed(grants) }
    }
}

/// Shows how much there is, not what.
impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policies = self.policies.policies().count();
        f.debug_struct("Policies")
            .field("policies", &policies)
            .field("universe", &self.universe)
            .finish_non_exhaustive()
    }
}

/// One request on its way through the policies.
struct Question<'p> {
    policies: &'p Policies,
    action: Action,
    user: Entity,
    roles: Vec<Entity>,
    context: Context,
}

impl<'p> Question<'p> {
    /// `None` when nothing is to be asked: the token may not do it, or there is no role.
    fn new(policies: &'p Policies, principal: &Principal, action: Action, asked: Asked) -> Option<Self> {
        if principal.roles.is_empty() || principal.only.as_ref().is_some_and(|only| !only.contains(&action)) {
            return None;
        }
        let roles: HashSet<EntityUid> = principal.roles.iter().filter_map(|role| uid("Role", role.name())).collect();
        let sites = principal.sites.as_ref().unwrap_or(&policies.universe.sites);
        let sites = sites.iter().map(|site| RestrictedExpression::new_string(site.clone()));
        let attributes = HashMap::from([("sites".to_owned(), RestrictedExpression::new_set(sites))]);
        let purpose = asked.purpose.map_or("", Purpose::name).to_owned();
        let context = [
            ("purpose".to_owned(), RestrictedExpression::new_string(purpose)),
            ("break_glass".to_owned(), RestrictedExpression::new_bool(asked.break_glass)),
            ("staff_pseudonyms".to_owned(), RestrictedExpression::new_bool(policies.has_staff_pseudonyms())),
            ("cases".to_owned(), RestrictedExpression::new_bool(action.target() == Target::Cases)),
            (
                "officers_see_names".to_owned(),
                RestrictedExpression::new_bool(policies.staff_names == StaffNames::ByPseudonymButToOfficers),
            ),
        ];
        let role = |role: &Role| Some(Entity::new_no_attrs(uid("Role", role.name())?, HashSet::new()));
        Some(Self {
            policies,
            action,
            user: Entity::new(uid("User", "asking")?, attributes, roles).ok()?,
            roles: principal.roles.iter().filter_map(role).collect(),
            context: Context::from_pairs(context).ok()?,
        })
    }

    fn record_grants(&self) -> Vec<Grant> {
        let classes = &self.policies.universe.classes;
        self.grants(|site| classes.iter().copied().filter(|class| self.row(site, *class)).collect())
    }

    fn case_grants(&self) -> Vec<Grant> {
        let kinds = [(STAFF_CASES, false), (OFFICE_CASES, true)];
        self.grants(|site| {
            let admitted = kinds.iter().filter(|(_, is_office)| self.case(site, *is_office));
            admitted.map(|(class, _)| *class).collect()
        })
    }

    /// Sites with the same classes share a grant.
    fn grants(&self, admitted_at: impl Fn(&str) -> BTreeSet<i64>) -> Vec<Grant> {
        let mut sites_by_classes: BTreeMap<BTreeSet<i64>, BTreeSet<String>> = BTreeMap::new();
        for site in &self.policies.universe.sites {
            let admitted = admitted_at(site);
            if !admitted.is_empty() {
                sites_by_classes.entry(admitted).or_default().insert(site.clone());
            }
        }
        sites_by_classes.into_iter().map(|(classes, sites)| Grant::new(Some(sites), Some(classes))).collect()
    }

    /// The sites, and no row of them.
    fn place_grants(&self) -> Vec<Grant> {
        let place = |site: &&String| {
            let attribute = RestrictedExpression::new_string((*site).clone());
            self.resource("Place", site, vec![("site".to_owned(), attribute)])
        };
        let sites: BTreeSet<String> = self.policies.universe.sites.iter().filter(place).cloned().collect();
        if sites.is_empty() { Vec::new() } else { vec![Grant::new(Some(sites), Some(BTreeSet::new()))] }
    }

    fn allowed(&self, grants: Vec<Grant>) -> Decision {
        let hidden: Vec<_> = COLUMNS.iter().filter(|(name, _)| !self.column(name)).collect();
        let has_pseudonyms = hidden.iter().any(|(name, _)| *name == USER) && self.column(USER_PSEUDONYM);
        let masked = hidden.iter().flat_map(|(_, columns)| columns.iter().map(|column| (*column).to_owned()));
        let mut masked: BTreeSet<String> = masked.collect();
        let mut pseudonyms = BTreeSet::new();
        if has_pseudonyms {
            let of_user = COLUMNS.iter().filter(|(name, _)| *name == USER).flat_map(|(_, columns)| *columns);
            let of_user = of_user.filter(|column| **column != REST);
            pseudonyms.extend(of_user.filter_map(|column| masked.take(*column)));
        }
        let scope = AccessScope::new(grants, masked, self.action == Action::RevealEvidence);
        Decision::Allowed(scope.showing_pseudonyms(pseudonyms))
    }

    fn row(&self, site: &str, class_uid: i64) -> bool {
        let attributes = vec![
            ("site".to_owned(), RestrictedExpression::new_string(site.to_owned())),
            ("class".to_owned(), RestrictedExpression::new_long(class_uid)),
            ("health".to_owned(), RestrictedExpression::new_bool(is_health(class_uid))),
        ];
        self.resource("Record", "asked", attributes)
    }

    fn case(&self, site: &str, is_office: bool) -> bool {
        let attributes = vec![
            ("site".to_owned(), RestrictedExpression::new_string(site.to_owned())),
            ("office".to_owned(), RestrictedExpression::new_bool(is_office)),
        ];
        self.resource("Case", "asked", attributes)
    }

    fn column(&self, name: &str) -> bool {
        let attributes = vec![("name".to_owned(), RestrictedExpression::new_string(name.to_owned()))];
        self.permitted("ReadColumn", "Column", name, attributes).unwrap_or(false)
    }

    fn resource(&self, kind: &str, id: &str, attributes: Vec<(String, RestrictedExpression)>) -> bool {
        self.permitted(self.action.name(), kind, id, attributes).unwrap_or(false)
    }

    /// One answer of Cedar. What cannot be asked, and what a policy stumbles over, is not permitted: a forbid that fails must not turn into a permit.
    fn permitted(
        &self,
        action: &str,
        kind: &str,
        id: &str,
        attributes: Vec<(String, RestrictedExpression)>,
    ) -> Option<bool> {
        let resource = uid(kind, id)?;
        let entity = Entity::new(resource.clone(), attributes.into_iter().collect(), HashSet::new()).ok()?;
        let entities = self.roles.iter().cloned().chain([self.user.clone(), entity]);
        let schema = &self.policies.schema;
        let entities = Entities::from_entities(entities, Some(schema)).ok()?;
        let action = uid("Action", action)?;
        let request = Request::new(self.user.uid(), action, resource, self.context.clone(), Some(schema)).ok()?;
        let response = Authorizer::new().is_authorized(&request, &self.policies.policies, &entities);
        let is_clean = response.diagnostics().errors().next().is_none();
        Some(is_clean && response.decision() == CedarDecision::Allow)
    }
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    let kind: EntityTypeName = kind.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}
