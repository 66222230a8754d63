//! The table of routes: a row says method, path, the dialect of its errors and who may call, and a handler is reached
//! only through its row (promise 11).

use std::future::ready;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Method, StatusCode};

use super::edge::{Edge, set_dialect};
use super::json::check_asked;
use super::refused_change::RefusedChange;
use super::{ApiError, Code, Dialect};
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
    /// The form of the route's errors.
    pub dialect: Dialect,
    pub access: Access,
}

/// Authenticates callers.
pub trait Gate: Send + Sync + 'static {
    /// Puts the caller into the request's extensions, or refuses the request.
    fn authenticate(&self, access: Access, request: &mut Parts) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Tells the audit trail of a change that its actor may not make.
    fn record(&self, _: RefusedChange) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// Where the edge reads the settings, if the function has a database.
    fn store(&self) -> Option<&Store>;
}

/// The routes of a function whose handlers take an `S`, behind the gate that is part of it.
pub struct Routes<S, G> {
    rows: Vec<(Row, MethodRouter<S>)>,
    gate: PhantomData<fn() -> G>,
}

impl<S: AsRef<G> + Clone + Send + Sync + 'static, G: Gate> Routes<S, G> {
    #[expect(
        clippy::new_without_default,
        reason = "an empty table is only ever the beginning of one"
    )]
    pub fn new() -> Self {
        Self {
            rows: Vec::new(),
            gate: PhantomData,
        }
    }

    #[must_use]
    pub fn get<T: 'static>(
        self,
        path: &'static str,
        dialect: Dialect,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.row(Method::GET, MethodFilter::GET, path, dialect, access, handler)
    }

    #[must_use]
    pub fn post<T: 'static>(
        self,
        path: &'static str,
        dialect: Dialect,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.row(Method::POST, MethodFilter::POST, path, dialect, access, handler)
    }

    #[must_use]
    pub fn put<T: 'static>(
        self,
        path: &'static str,
        dialect: Dialect,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.row(Method::PUT, MethodFilter::PUT, path, dialect, access, handler)
    }

    #[must_use]
    pub fn delete<T: 'static>(
        self,
        path: &'static str,
        dialect: Dialect,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.row(Method::DELETE, MethodFilter::DELETE, path, dialect, access, handler)
    }

    fn row<T: 'static>(
        mut self,
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        dialect: Dialect,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        let guarded = Guarded {
            handler,
            dialect,
            access,
            gate: PhantomData::<fn() -> G>,
        };
        let row = Row {
            method,
            path,
            dialect,
            access,
        };
        self.rows.push((row, on(filter, guarded)));
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
        let store = state.as_ref().store().cloned();
        Edge::new(self.into_router(state), store)
    }
}

/// A handler behind a gate. It is one future, where a layer would be three.
struct Guarded<H, G> {
    handler: H,
    dialect: Dialect,
    access: Access,
    gate: PhantomData<fn() -> G>,
}

impl<H: Clone, G> Clone for Guarded<H, G> {
    fn clone(&self) -> Self {
        Self {
            handler: self.handler.clone(),
            ..*self
        }
    }
}

impl<T: 'static, S: AsRef<G> + Clone + Send + Sync + 'static, G: Gate, H: Handler<T, S>> Handler<T, S>
    for Guarded<H, G>
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, state: S) -> Self::Future {
        let (access, dialect) = (self.access, self.dialect);
        let handled = async move {
            let (mut parts, body) = request.into_parts();
            let authenticated = state.as_ref().authenticate(access, &mut parts).await;
            if dialect != Dialect::Management {
                return match authenticated {
                    Ok(()) => self.handler.call(Request::from_parts(parts, body), state).await,
                    Err(refusal) => refusal.into_response(),
                };
            }
            let change = RefusedChange::of(&parts);
            let request = Request::from_parts(parts, body);
            let response = match authenticated.and_then(|()| check_asked(&request)) {
                Ok(()) => self.handler.call(request, state.clone()).await,
                Err(refusal) => refusal.into_response(),
            };
            if response.status() == StatusCode::FORBIDDEN
                && let Some(change) = change
            {
                state.as_ref().record(change).await;
            }
            response
        };
        async move {
            let mut response = catch_panic(handled).await;
            set_dialect(&mut response, dialect);
            response
        }
        .boxed()
    }
}

/// A panic ends its request with a 500, not the process with its other requests (promise 30).
async fn catch_panic(response: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(response).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a handler panicked");
        ApiError::new(Code::InternalError, "something went wrong on our side").into_response()
    })
}
