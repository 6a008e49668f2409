//! Rules: which there are, what they say, whether they run.

use std::sync::Arc;

use axum::extract::State;
use cordon_store::state::AuditEntry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Allowed, ChangeRules, ReadRules};
use crate::control::RuleStatus;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{LevelWord, PageBody};

/// A rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
pub(crate) struct RuleBody {
    /// Its id.
    id: String,
    /// Title.
    title: String,
    /// Level.
    level: LevelWord,
    /// Author as the rule states it; may be empty.
    author: String,
    /// Licence.
    license: String,
    /// Where it can be read.
    link: String,
    /// Description, may be empty.
    description: String,
    /// Tags.
    tags: Vec<String>,
    /// Known harmless causes.
    false_positives: Vec<String>,
    /// The log source it is about.
    log_source: String,
    /// Whether it is a correlation.
    is_correlation: bool,
    /// Whether it runs.
    is_enabled: bool,
    /// Why it does not run; empty when it does.
    off_reason: String,
    /// Findings since the start of the node.
    findings: u64,
}

/// A rule with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RuleWithText {
    /// The rule.
    rule: RuleBody,
    /// Its text as it was read (Sigma, YAML).
    text: String,
}

/// Whether a rule is to run.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulePatch {
    /// Whether it is to run.
    is_enabled: bool,
}

/// What became of reading the rules again.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// Rules that run now.
    rules: usize,
}

impl From<&RuleStatus> for RuleBody {
    fn from(rule: &RuleStatus) -> Self {
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: rule.level.into(),
            author: rule.author.clone(),
            license: rule.license.clone(),
            link: rule.link.clone(),
            description: rule.description.clone(),
            tags: rule.tags.clone(),
            false_positives: rule.false_positives.clone(),
            log_source: rule.log_source.clone(),
            is_correlation: rule.is_correlation,
            is_enabled: rule.is_enabled,
            off_reason: rule.off_reason.clone(),
            findings: rule.findings,
        }
    }
}

/// Lists all rules, by id.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules",
    responses((status = 200, body = PageBody<RuleBody>, description = "All")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadRules>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<RuleBody>>, Problem> {
    let rules = state.control().rules();
    Ok(Json(PageBody::whole(rules.iter().map(|rule| RuleBody::from(&**rule)).collect())))
}

/// Reads a rule with its text.
#[utoipa::path(get, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path, description = "Id of the rule")),
    responses((status = 200, body = RuleWithText, description = "The rule")))]
pub(crate) async fn read(
    _allowed: Allowed<ReadRules>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<RuleWithText>, Problem> {
    let rule = status(&state, &id)?;
    let text = state.control().rule_text(&id).ok_or_else(Problem::not_found)?;
    Ok(Json(RuleWithText { rule: RuleBody::from(&*rule), text: text.to_string() }))
}

/// Switches a rule on or off, for good.
#[utoipa::path(patch, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path, description = "Id of the rule")),
    request_body = RulePatch, responses((status = 200, body = RuleBody, description = "The rule as it is now")))]
pub(crate) async fn change(
    allowed: Allowed<ChangeRules>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Json(patch): Json<RulePatch>,
) -> Result<Json<RuleBody>, Problem> {
    status(&state, &id)?;
    let detail = serde_json::json!({"is_enabled": patch.is_enabled});
    state.kept().audit(&allowed.by(), &AuditEntry::new("rule_switched", "rule", &id, detail)).await?;
    state.control().switch_rule(&id, patch.is_enabled).await?;
    Ok(Json(RuleBody::from(&*status(&state, &id)?)))
}

/// Reads the rules again from where the node has them. Windows keep their state.
#[utoipa::path(post, path = "/api/v1/rules/reload", tag = "rules",
    responses((status = 200, body = Reloaded, description = "Read again")))]
pub(crate) async fn reload(
    allowed: Allowed<ChangeRules>,
    State(state): State<ApiState>,
) -> Result<Json<Reloaded>, Problem> {
    let entry = AuditEntry::new("rules_reloaded", "rules", "", serde_json::Value::Null);
    state.kept().audit(&allowed.by(), &entry).await?;
    Ok(Json(Reloaded { rules: state.control().reload_rules().await? }))
}

fn status(state: &ApiState, id: &str) -> Result<Arc<RuleStatus>, Problem> {
    state.control().rules().into_iter().find(|rule| rule.id == id).ok_or_else(Problem::not_found)
}
