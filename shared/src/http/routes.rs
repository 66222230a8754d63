//! The table of routes: a row says method, path and who may call, and a handler is reached only through its row
//! (promise 11).

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use http::request::Parts;

use super::{ApiError, edge};
use crate::models::user::Role;
use crate::store::Store;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Anyone,
    /// People with a session token, of at least this role.
    Session(Role),
    /// Programs with an API key.
    ApiKey,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

/// Finds out who calls. A function's state is its gate.
pub trait Gate: Clone + Send + Sync + 'static {
    /// Puts the caller into the request's extensions, or refuses.
    fn admit(&self, access: Access, request: &mut Parts) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Where the edge finds the settings.
    fn store(&self) -> &Store;
}

/// A function's routes.
pub struct Routes<S> {
    rows: Vec<(Row, MethodRouter<S>)>,
}

impl<S: Gate> Routes<S> {
    #[expect(clippy::new_without_default, reason = "an empty table is only ever the beginning of one")]
    pub fn new() -> Self {
        Self { rows: Vec::new() }
    }

    #[must_use]
    pub fn get<T: 'static>(self, path: &'static str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.row(Method::GET, MethodFilter::GET, path, access, handler)
    }

    #[must_use]
    pub fn post<T: 'static>(self, path: &'static str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.row(Method::POST, MethodFilter::POST, path, access, handler)
    }

    #[must_use]
    pub fn put<T: 'static>(self, path: &'static str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.row(Method::PUT, MethodFilter::PUT, path, access, handler)
    }

    #[must_use]
    pub fn delete<T: 'static>(self, path: &'static str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.row(Method::DELETE, MethodFilter::DELETE, path, access, handler)
    }

    fn row<T: 'static>(
        mut self,
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.rows.push((Row { method, path, access }, on(filter, handler)));
        self
    }

    /// The rows, for the tests that walk them.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(|(row, _)| row)
    }

    /// The rows behind `state`'s gate, without the edge: the local gateway merges several functions' first.
    pub fn into_bare_router(self, state: S) -> Router {
        let mut router = Router::new();
        for (row, handler) in self.rows {
            let guarded = match row.access {
                Access::Anyone => handler,
                access => handler.route_layer(from_fn_with_state((state.clone(), access), guard)),
            };
            router = router.route(row.path, guarded);
        }
        router.with_state(state)
    }

    /// The whole function: the rows behind `state`'s gate, inside the edge.
    pub fn into_router(self, state: S) -> Router {
        let store = state.store().clone();
        edge::wrap(self.into_bare_router(state), store)
    }
}

async fn guard<S: Gate>(State((gate, access)): State<(S, Access)>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    gate.admit(access, &mut parts).await?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}
