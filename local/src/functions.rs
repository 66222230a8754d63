//! The functions of the cloud, all in this process.

use std::net::SocketAddr;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use service::functions::{
    BackendTrialResult, CheckRequest, CheckResult, FunctionClient, SsoTrial, SsoTrialResult, TrialRequest,
};
use service::outbound::{ClientError, Outbound};
use service::resources::Resources;

use crate::options::Options;
use crate::readiness::Readiness;

/// The functions over one store.
#[derive(Clone, Debug)]
pub(crate) struct Functions {
    pub(crate) proxy: proxy::App,
    pub(crate) auth: auth::App,
    keys: keys::App,
    console: console::App,
    pub(crate) admin: admin::App,
    pub(crate) health: health::App,
    pub(crate) janitor: janitor::App,
    pub(crate) notify: notify::App,
}

impl Functions {
    /// The functions of a gateway that listens on `address`.
    pub(crate) fn new(resources: &Resources, options: &Options, address: SocketAddr) -> Result<Self, ClientError> {
        let networks = options.backend_networks.clone().with_loopback();
        let outbound = Outbound::new(networks.clone(), &options.backend_authorities)?;
        let health = health::App::new(resources.clone(), outbound.clone());
        let auth = auth::App::new(resources.clone(), outbound.clone(), options.passwords);
        let auth = auth.reached_at(options.addresses(address));
        let rules = admin::Rules {
            networks,
            identity_origins: options.identity.origins().clone(),
            passwords: options.passwords,
            public_url: Some(options.reached_at(address)),
        };
        let delegates = admin::Delegates {
            check: check_client(health.clone()),
            try_backend: try_backend_client(health.clone()),
            try_sso: try_sso_client(auth.clone()),
        };
        Ok(Self {
            notify: notify::App::new(resources.clone(), outbound.clone()),
            proxy: proxy::App::new(resources.clone(), outbound, options.limits)
                .in_region(options.backend_region.as_deref())
                .with_identity(options.identity.clone())
                .with_buffered_usage(),
            auth,
            keys: keys::App::new(resources.clone()),
            console: if options.demo {
                console::App::of_demo()
            } else {
                console::App::default()
            },
            admin: admin::App::new(resources.clone(), rules, delegates),
            health,
            janitor: janitor::App::new(resources.store.clone()),
        })
    }

    /// All routes on one port.
    pub(crate) fn router(&self, readiness: Readiness) -> Router {
        let ready = Router::new().route("/ready", get(|| readiness.tell()));
        proxy::routes()
            .into_router(self.proxy.clone())
            .merge(auth::routes().into_router(self.auth.clone()))
            .merge(keys::routes().into_router(self.keys.clone()))
            .merge(admin::routes().into_router(self.admin.clone()))
            .merge(console::routes().into_router(self.console.clone()))
            .merge(ready)
            .route("/api/v1/openapi.json", get(description))
    }
}

/// The description of all routes. No function has it: where the functions are apart, none has all routes.
async fn description() -> impl IntoResponse {
    const DESCRIPTION: &str = include_str!("../../docs/openapi.json");
    ([(CONTENT_TYPE, "application/json")], DESCRIPTION)
}

fn check_client(health: health::App) -> FunctionClient<CheckRequest, Option<CheckResult>> {
    FunctionClient::in_process(move |request: CheckRequest| {
        let health = health.clone();
        async move { health::check_one(&health, &request.backend).await }
    })
}

fn try_backend_client(health: health::App) -> FunctionClient<TrialRequest, BackendTrialResult> {
    FunctionClient::in_process(move |request: TrialRequest| {
        let health = health.clone();
        async move { Ok(health::try_backend(&health, request.trial).await) }
    })
}

fn try_sso_client(auth: auth::App) -> FunctionClient<SsoTrial, SsoTrialResult> {
    FunctionClient::in_process(move |trial| {
        let auth = auth.clone();
        async move { Ok(auth::try_sso(&auth, trial).await) }
    })
}
