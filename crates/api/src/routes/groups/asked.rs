//! Which groups are asked for in an address: what the list and its summary share. Names of people do not stand there.

use cordon_store::state::{GroupFilter, GroupState, OwnedBy};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::state::ApiState;
use crate::wire::{EntityWord, LevelWord, Moment};

/// Which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateChoice {
    Open,
    Acknowledged,
    Closed,
    /// Whatever state.
    Any,
}

/// Whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OwnerWord {
    /// Of whoever asks.
    Me,
    /// Nobody has taken it.
    Nobody,
}

impl OwnerWord {
    /// Whose, when it is `name` who asks.
    pub(crate) fn of(self, name: &str) -> OwnedBy {
        match self {
            Self::Me => OwnedBy::User(name.to_owned()),
            Self::Nobody => OwnedBy::Nobody,
        }
    }
}

/// Which groups. Whom they are about is asked for in a body: `POST /api/v1/finding-groups/search`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupsAsked {
    /// In this state; open and acknowledged when nothing is said.
    #[param(inline)]
    state: Option<StateChoice>,
    /// Exactly this bad.
    #[param(inline)]
    level: Option<LevelWord>,
    /// At least this bad.
    #[param(inline)]
    level_min: Option<LevelWord>,
    /// Of this rule.
    rule: Option<String>,
    /// At this site.
    site: Option<String>,
    /// Of this OCSF class.
    class_uid: Option<i64>,
    /// About an entity of this kind.
    #[param(inline)]
    entity_kind: Option<EntityWord>,
    /// The title of the rule holds this text, at most 100 letters; `a` to `z` are found in either case.
    text: Option<String>,
    /// Whose: of whoever asks, or of nobody.
    #[param(inline)]
    owner_is: Option<OwnerWord>,
    /// The latest finding at this time or later.
    #[param(inline)]
    from: Option<Moment>,
    /// The latest finding before this time.
    #[param(inline)]
    to: Option<Moment>,
    /// Also those that are quiet now.
    #[serde(default)]
    #[param(default = false)]
    muted: bool,
}

impl GroupsAsked {
    /// As the store is asked by the user or token of this name.
    pub(super) fn filter(self, state: &ApiState, name: &str) -> GroupFilter {
        GroupFilter {
            states: states(self.state),
            level: self.level.map(Into::into),
            level_min: self.level_min.map(Into::into),
            rule_id: self.rule,
            site: self.site,
            class_uid: self.class_uid,
            entity_kind: self.entity_kind.map(Into::into),
            text: self.text,
            owner: self.owner_is.map(|owner| owner.of(name)),
            last_from: self.from.map(|moment| moment.0),
            last_to: self.to.map(|moment| moment.0),
            quiet_at: (!self.muted).then(|| state.control().now()),
            ..GroupFilter::default()
        }
    }
}

fn states(choice: Option<StateChoice>) -> Vec<GroupState> {
    match choice {
        None => vec![GroupState::Open, GroupState::Acknowledged],
        Some(StateChoice::Open) => vec![GroupState::Open],
        Some(StateChoice::Acknowledged) => vec![GroupState::Acknowledged],
        Some(StateChoice::Closed) => vec![GroupState::Closed],
        Some(StateChoice::Any) => Vec::new(),
    }
}
