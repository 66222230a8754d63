//! The table of routes: a row says method, path and who may call, and a handler is reached only through its row
//! (promise 11).

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;
use http::request::Parts;

use super::ApiError;
use super::edge::Edge;
use crate::store::Store;
use domain::models::user::Role;

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
    fn authenticate(&self, access: Access, request: &mut Parts) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Where the edge finds the settings.
    fn store(&self) -> &Store;
}

/// A function's routes.
pub struct Routes<S> {
    rows: Vec<(Row, MethodRouter<S>)>,
}

impl<S: Gate> Routes<S> {
    #[expect(
        clippy::new_without_default,
        reason = "an empty table is only ever the beginning of one"
    )]
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
        self.rows
            .push((Row { method, path, access }, on(filter, Guarded { handler, access })));
        self
    }

    /// The rows, for the tests that walk them.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(|(row, _)| row)
    }

    /// The rows behind `state`'s gate, without the edge: the local gateway merges several functions' first.
    pub fn into_router(self, state: S) -> Router {
        let mut router = Router::new();
        for (row, handler) in self.rows {
            router = router.route(row.path, handler);
        }
        router.with_state(state)
    }

    /// The whole function: the rows behind `state`'s gate, inside the edge.
    pub fn into_edge(self, state: S) -> Edge {
        let store = state.store().clone();
        Edge::new(self.into_router(state), store)
    }
}

/// A handler that is asked only after the gate. It is one future, where a layer would be three.
#[derive(Clone)]
struct Guarded<H> {
    handler: H,
    access: Access,
}

impl<T: 'static, S: Gate, H: Handler<T, S>> Handler<T, S> for Guarded<H> {
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, state: S) -> Self::Future {
        async move {
            let (mut parts, body) = request.into_parts();
            if let Err(refusal) = state.authenticate(self.access, &mut parts).await {
                return refusal.into_response();
            }
            self.handler.call(Request::from_parts(parts, body), state).await
        }
        .boxed()
    }
}
