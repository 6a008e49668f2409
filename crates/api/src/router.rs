//! All routes, and the description that comes out of them.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::Value;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::described::Routes;
use crate::problem::ProblemBody;
use crate::routes::{
    audit, entities, events, findings, groups, handles, holds, incidents, jobs, me, models, mutes, node, notifications,
    privacy, provider, rules, searches, settings, sign_in, source_tokens, sources, stream, taught, tokens, unlocks,
    users,
};
use crate::state::ApiState;
use crate::{console, health, layers, page};

/// Where the description is.
pub const OPENAPI_PATH: &str = "/api/v1/openapi.json";

#[derive(utoipa::OpenApi)]
#[openapi(
    components(schemas(ProblemBody)),
    info(
        title = "Cordon",
        description = "The API of a Cordon node.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    )
)]
struct Description;

/// The whole interface over a node.
pub fn router(state: ApiState) -> Router {
    let (routes, description) = described().split_for_parts();
    let text: Arc<str> = exact(&description).to_string().into();
    let openapi = get(async move || ([(header::CONTENT_TYPE, "application/json")], text.to_string()));
    let pages = console::built().map_or_else(page::routes, console::routes);
    let routes = routes.merge(pages).route(OPENAPI_PATH, openapi);
    layers::around(routes, &state).with_state(state)
}

/// The description of every route, OpenAPI 3.1.
#[must_use]
pub fn description() -> Value {
    exact(&described().into_openapi())
}

/// Makes the description exact where the macros are not: a parameter that may be left out is not null when it is there, and a number with a description of its own is
/// not an object as well.
fn exact(description: &OpenApi) -> Value {
    let mut value = serde_json::to_value(description).unwrap_or_default();
    let paths = value.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(|paths| paths.values_mut().filter_map(Value::as_object_mut));
    for operation in operations.flat_map(|methods| methods.values_mut()) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for schema in parameters.into_iter().flatten().filter_map(|parameter| parameter.get_mut("schema")) {
            never_null(schema);
        }
    }
    let schemas = value.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    let bodies =
        schemas.into_iter().flat_map(|schemas| schemas.values_mut().filter_map(|body| body.get_mut("properties")));
    for property in bodies.filter_map(Value::as_object_mut).flat_map(|properties| properties.values_mut()) {
        only_what_it_is(property);
    }
    value
}

/// `allOf` of a number and of an object that has nothing but a description: nothing could meet both.
fn only_what_it_is(property: &mut Value) {
    let Some([what, described]) = property.get_mut("allOf").and_then(Value::as_array_mut).map(Vec::as_mut_slice) else {
        return;
    };
    let is_empty = described.get("type").is_some_and(|name| name == "object") && described.get("properties").is_none();
    let (Some(mut what), Some(said), true) =
        (what.as_object().cloned(), described.get("description").cloned(), is_empty)
    else {
        return;
    };
    what.insert("description".to_owned(), said);
    *property = Value::Object(what);
}

fn never_null(schema: &mut Value) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
    }
    let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [only] = choices.as_mut_slice() {
        *schema = only.take();
    }
}

/// How whoever asks says who it is: a token in the header, or the cookie of a session (another name over TLS).
fn frame() -> OpenApi {
    let mut frame = Description::openapi();
    let components = frame.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let session = ApiKey::Cookie(ApiKeyValue::new("__Host-cordon-session"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    frame
}

fn described() -> OpenApiRouter<ApiState> {
    let routes = Routes::new(OpenApiRouter::with_openapi(frame()))
        .public(health::__path_live, health::live)
        .public(health::__path_ready, health::ready)
        .public(health::__path_metrics, health::metrics);
    of_people(of_the_node(of_events(of_incidents(of_findings(routes))))).finish()
}

fn of_findings(routes: Routes) -> Routes {
    routes
        .guarded(groups::__path_list, groups::list)
        .guarded(groups::__path_search, groups::search)
        .guarded(groups::__path_counts, groups::counts)
        .guarded(groups::summary::__path_summary, groups::summary::summary)
        .guarded(groups::stories::__path_stories, groups::stories::stories)
        .guarded(groups::__path_read, groups::read)
        .guarded(groups::__path_change, groups::change)
        .guarded(findings::__path_list, findings::list)
        .guarded(findings::__path_search, findings::search)
        .guarded(findings::__path_histogram, findings::histogram)
        .guarded(findings::__path_read, findings::read)
        .guarded(mutes::__path_list, mutes::list)
        .guarded(mutes::__path_add, mutes::add)
        .guarded(mutes::__path_end, mutes::end)
        .guarded(entities::__path_list, entities::list)
        .guarded(entities::__path_read, entities::read)
        .guarded(entities::behaviour::__path_read, entities::behaviour::read)
        .guarded(models::__path_list, models::list)
        .guarded(models::__path_change_budget, models::change_budget)
        .guarded(taught::__path_list, taught::list)
        .guarded(taught::__path_change, taught::change)
        .guarded(taught::__path_forget, taught::forget)
        .guarded(unlocks::__path_list, unlocks::list)
        .guarded(unlocks::__path_ask, unlocks::ask)
        .guarded(unlocks::__path_agree, unlocks::agree)
        .guarded(unlocks::__path_end, unlocks::end)
        .guarded(stream::__path_findings, stream::findings)
        .guarded(stream::__path_events, stream::events)
}

fn of_incidents(routes: Routes) -> Routes {
    routes
        .guarded(incidents::__path_list, incidents::list)
        .guarded(incidents::__path_read, incidents::read)
        .guarded(incidents::export::__path_export, incidents::export::export)
        .guarded(incidents::work::__path_state, incidents::work::state)
        .guarded(incidents::work::__path_owner, incidents::work::owner)
        .guarded(incidents::work::__path_comment, incidents::work::comment)
        .guarded(incidents::work::__path_add_task, incidents::work::add_task)
        .guarded(incidents::work::__path_mark_task, incidents::work::mark_task)
        .guarded(incidents::requests::__path_propose, incidents::requests::propose)
        .guarded(incidents::requests::__path_approve, incidents::requests::approve)
        .guarded(incidents::requests::__path_refuse, incidents::requests::refuse)
        .guarded(incidents::requests::__path_sent, incidents::requests::sent)
        .guarded(incidents::requests::__path_reply, incidents::requests::reply)
        .guarded(incidents::work::__path_assess, incidents::work::assess)
        .guarded(incidents::work::__path_decide, incidents::work::decide)
        .guarded(incidents::decisions::__path_list, incidents::decisions::list)
        .guarded(incidents::decisions::__path_change, incidents::decisions::change)
        .guarded(privacy::__path_status, privacy::status)
        .guarded(privacy::record::__path_read, privacy::record::read)
        .guarded(privacy::record::__path_export, privacy::record::export)
        .guarded(jobs::__path_review, jobs::review)
}

fn of_events(routes: Routes) -> Routes {
    routes
        .guarded(events::search::__path_search, events::search::search)
        .guarded(events::search::__path_sql, events::search::sql)
        .guarded(events::search::__path_filter_fields, events::search::filter_fields)
        .guarded(events::count::__path_histogram, events::count::histogram)
        .guarded(events::count::__path_facets, events::count::facets)
        .guarded(events::export::__path_export, events::export::export)
        .guarded(events::one::__path_read, events::one::read)
        .guarded(events::one::__path_record, events::one::record)
        .guarded(events::one::__path_reveal, events::one::reveal)
        .guarded(holds::__path_list, holds::list)
        .guarded(holds::__path_add, holds::add)
        .guarded(holds::__path_release, holds::release)
}

fn of_the_node(routes: Routes) -> Routes {
    routes
        .guarded(node::__path_health, node::health)
        .guarded(node::__path_disk, node::disk)
        .guarded(sources::__path_list, sources::list)
        .guarded(sources::__path_read, sources::read)
        .guarded(source_tokens::__path_list, source_tokens::list)
        .guarded(source_tokens::__path_add, source_tokens::add)
        .guarded(source_tokens::__path_revoke, source_tokens::revoke)
        .guarded(notifications::__path_status, notifications::status)
        .guarded(notifications::__path_letters, notifications::letters)
        .guarded(notifications::__path_put_back, notifications::put_back)
        .guarded(notifications::__path_test, notifications::test)
        .guarded(rules::__path_list, rules::list)
        .guarded(rules::__path_read, rules::read)
        .guarded(rules::__path_change, rules::change)
        .guarded(rules::__path_reload, rules::reload)
        .guarded(jobs::__path_test_rule, jobs::test_rule)
        .guarded(jobs::__path_backfill, jobs::backfill)
        .guarded(jobs::__path_judge_history, jobs::judge_history)
        .guarded(jobs::__path_verify, jobs::verify)
        .guarded(jobs::__path_freeze, jobs::freeze)
        .guarded(jobs::__path_thaw, jobs::thaw)
        .guarded(jobs::__path_list, jobs::list)
        .guarded(jobs::__path_read, jobs::read)
        .guarded(jobs::__path_cancel, jobs::cancel)
        .guarded(jobs::__path_progress, jobs::progress)
}

fn of_people(routes: Routes) -> Routes {
    routes
        .public(sign_in::__path_sign_in, sign_in::sign_in)
        .public(sign_in::__path_sign_out, sign_in::sign_out)
        .public(sign_in::__path_first_administrator, sign_in::first_administrator)
        .public(sign_in::__path_accept, sign_in::accept)
        .public(provider::__path_ways, provider::ways)
        .public(provider::__path_begin, provider::begin)
        .public(provider::__path_callback, provider::callback)
        .guarded(me::__path_read, me::read)
        .guarded(me::__path_change_password, me::change_password)
        .guarded(me::__path_enrol_totp, me::enrol_totp)
        .guarded(me::__path_confirm_totp, me::confirm_totp)
        .guarded(handles::__path_seal, handles::seal)
        .guarded(handles::__path_open, handles::open)
        .guarded(users::__path_list, users::list)
        .guarded(users::__path_add, users::add)
        .guarded(users::__path_change, users::change)
        .guarded(users::__path_invite, users::invite)
        .guarded(tokens::__path_list, tokens::list)
        .guarded(tokens::__path_add, tokens::add)
        .guarded(tokens::__path_revoke, tokens::revoke)
        .guarded(settings::__path_list, settings::list)
        .guarded(settings::__path_read, settings::read)
        .guarded(settings::__path_change, settings::change)
        .guarded(settings::__path_reload, settings::reload)
        .guarded(searches::__path_list, searches::list)
        .guarded(searches::__path_add, searches::add)
        .guarded(searches::__path_change, searches::change)
        .guarded(searches::__path_remove, searches::remove)
        .guarded(audit::__path_list, audit::list)
        .guarded(audit::__path_search, audit::search)
        .guarded(audit::__path_verify, audit::verify)
}
