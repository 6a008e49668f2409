//! Routes with their descriptions. A route is either guarded, and then its handler takes [`Allowed`] first, or stands in the list of public ones: there is no third way.

use axum::handler::Handler;
use axum::routing::MethodRouter;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, Paths};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Ref, ResponseBuilder};
use utoipa_axum::PathItemExt as _;
use utoipa_axum::router::OpenApiRouter;

use crate::allowed::{Act, Allowed};
use crate::state::ApiState;

/// Every route that needs no decision, by method and path. What is not in this list is guarded.
pub const PUBLIC: [(&str, &str); 10] = [
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/api/v1/sign-in/provider"),
    ("GET", "/api/v1/sign-in/provider/callback"),
    ("GET", "/api/v1/sign-in/ways"),
    ("POST", "/api/v1/first-administrator"),
    ("POST", "/api/v1/invitations/accept"),
    ("POST", "/api/v1/sign-in"),
    ("POST", "/api/v1/sign-out"),
];

/// Arguments of a handler that takes a decision first.
pub(crate) trait Guarded {
    /// The action that the decision is about.
    type Action: Act;
}

macro_rules! guarded {
    ($($more:ident)*) => {
        impl<M, A: Act, $($more),*> Guarded for (M, Allowed<A>, $($more),*) {
            type Action = A;
        }
    };
}

guarded!();
guarded!(B);
guarded!(B C);
guarded!(B C D);
guarded!(B C D E);

/// Routes under construction.
pub(crate) struct Routes {
    router: OpenApiRouter<ApiState>,
}

impl Routes {
    pub(crate) const fn new(router: OpenApiRouter<ApiState>) -> Self {
        Self { router }
    }

    /// Adds a route whose handler takes a decision first. `doc` is what `#[utoipa::path]` makes of the handler.
    pub(crate) fn guarded<D, H, T>(self, _doc: D, handler: H) -> Self
    where
        D: utoipa::Path + SchemaReferences + Tags<'static>,
        H: Handler<T, ApiState>,
        T: Guarded + 'static,
    {
        self.add::<D, H, T>(handler, |operation| {
            let name = <T::Action as Act>::ACTION.name();
            operation.extensions = Some(ExtensionsBuilder::new().add("x-cordon-action", name).build());
            let none: [String; 0] = [];
            operation.security =
                Some(vec![SecurityRequirement::new("token", none.clone()), SecurityRequirement::new("session", none)]);
        })
    }

    /// Adds a route of [`PUBLIC`]. One that is not in the list answers nothing: it is not added, and a test says so.
    pub(crate) fn public<D, H, T>(self, _doc: D, handler: H) -> Self
    where
        D: utoipa::Path + SchemaReferences + Tags<'static>,
        H: Handler<T, ApiState>,
        T: 'static,
    {
        let is_listed = D::methods().iter().all(|method| PUBLIC.contains(&(method_name(method), &D::path())));
        if !is_listed {
            tracing::error!(path = D::path(), "a route is neither guarded nor in the list of public ones");
            return self;
        }
        self.add::<D, H, T>(handler, |_| ())
    }

    pub(crate) fn finish(self) -> OpenApiRouter<ApiState> {
        self.router
    }

    fn add<D, H, T>(self, handler: H, mark: impl FnOnce(&mut Operation)) -> Self
    where
        D: utoipa::Path + SchemaReferences + Tags<'static>,
        H: Handler<T, ApiState>,
        T: 'static,
    {
        let (path, methods, mut operation) = (D::path(), D::methods(), D::operation());
        operation.tags.get_or_insert_default().extend(D::tags().iter().map(ToString::to_string));
        operation.operation_id = Some(name_of(&path, &methods));
        mark(&mut operation);
        operation.responses.responses.insert("default".to_owned(), problem().into());
        let mut schemas = Vec::new();
        D::schemas(&mut schemas);
        let mut paths = Paths::new();
        let serves = methods
            .iter()
            .fold(MethodRouter::new(), |serves, method| serves.on(method.to_method_filter(), handler.clone()));
        paths.add_path_operation(&path, methods, operation);
        Self { router: self.router.routes((schemas, paths, serves)) }
    }
}

/// The name of an operation, which no other has (OpenAPI 3.1, `operationId`): `patch_users_id` for `PATCH /api/v1/users/{id}`.
fn name_of(path: &str, methods: &[HttpMethod]) -> String {
    let parts = path.trim_start_matches("/api/v1").split('/').filter(|part| !part.is_empty());
    let name = parts.map(|part| part.trim_matches(['{', '}']).replace('-', "_"));
    let method = methods.iter().map(|method| method_name(method).to_lowercase());
    method.chain(name).collect::<Vec<_>>().join("_")
}

fn problem() -> utoipa::openapi::Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description("A problem (RFC 9457)").content("application/problem+json", content).build()
}

const fn method_name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Head => "HEAD",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Trace => "TRACE",
    }
}
