//! Settings that people change while the node runs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cordon_store::state::{AuditEntry, Setting};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::allowed::{Allowed, ChangeSettings, ReadSettings};
use crate::control::Reloaded;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{IfMatch, Moment, PageBody, etag, if_match};

/// A setting.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
pub(crate) struct SettingBody {
    /// Name.
    name: String,
    /// Value.
    value: Value,
    /// Rises with every change; the ETag.
    revision: u64,
    /// Who changed it last.
    author: String,
    /// When.
    changed: Moment,
}

impl From<Setting> for SettingBody {
    fn from(setting: Setting) -> Self {
        Self {
            name: setting.name,
            value: setting.value,
            revision: setting.revision,
            author: setting.author,
            changed: Moment(setting.changed),
        }
    }
}

/// A value for a setting.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingGiven {
    /// The value; which form it has depends on the setting.
    value: Value,
}

/// What became of reading the settings again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SettingsReloaded {
    /// Keys of settings that changed and are in force now.
    changed: Vec<String>,
    /// Keys of settings that changed and wait for the next start of the node.
    needs_restart: Vec<String>,
    /// Rules that run now.
    rules: usize,
}

/// Reads the node's file of settings again, and the rules, and puts into force what a running node can take over. When anything is wrong, all stays as it is.
#[utoipa::path(post, path = "/api/v1/settings/reload", tag = "settings",
    responses((status = 200, body = SettingsReloaded, description = "Read again")))]
pub(crate) async fn reload(
    allowed: Allowed<ChangeSettings>,
    State(state): State<ApiState>,
) -> Result<Json<SettingsReloaded>, Problem> {
    let Reloaded { changed, restart, rules } = state.control().reload_settings().await?;
    let detail = serde_json::json!({"changed": changed, "needs_restart": restart});
    let entry = AuditEntry::new("settings_reloaded", "settings", "", detail);
    state.kept().audit(&allowed.by(), &entry).await?;
    Ok(Json(SettingsReloaded { changed, needs_restart: restart, rules }))
}

/// Lists settings that were ever changed, by name.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings",
    responses((status = 200, body = PageBody<SettingBody>, description = "All")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadSettings>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<SettingBody>>, Problem> {
    let settings = state.kept().settings().await?;
    Ok(Json(PageBody::whole(settings.into_iter().map(Into::into).collect())))
}

/// Reads a setting that was ever changed.
#[utoipa::path(get, path = "/api/v1/settings/{name}", tag = "settings", params(("name" = String, Path, description = "Name")),
    responses((status = 200, body = SettingBody, description = "The setting", headers(("ETag" = String)))))]
pub(crate) async fn read(
    _allowed: Allowed<ReadSettings>,
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer(state.kept().setting(&name).await?.ok_or_else(Problem::not_found)?))
}

/// Changes a setting. `If-Match` is `"0"` for one that was never changed. The node refuses names that it does not know and values that it cannot use.
#[utoipa::path(put, path = "/api/v1/settings/{name}", tag = "settings",
    params(("name" = String, Path, description = "Name"), IfMatch), request_body = SettingGiven,
    responses((status = 200, body = SettingBody, description = "The setting as it is now", headers(("ETag" = String)))))]
pub(crate) async fn change(
    allowed: Allowed<ChangeSettings>,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(given): Json<SettingGiven>,
) -> Result<Response, Problem> {
    let revision = if_match(&headers)?;
    state.control().check_setting(&name, &given.value)?;
    Ok(answer(state.kept().set_setting(&allowed.by(), &name, &given.value, Some(revision)).await?))
}

fn answer(setting: Setting) -> Response {
    (etag(setting.revision), Json(SettingBody::from(setting))).into_response()
}
