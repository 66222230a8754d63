//! The whole gateway in one process: every function's routes on one port, over an embedded `DynamoDB`.
//!
//! The routers, the store and the SDK are those of the cloud; only the database's transport, the home of secrets and
//! the timers are the laptop's. [`Gateway::start`] serves the `tidegate` binary and the tests alike.

#[cfg(not(unix))]
compile_error!("the local gateway runs on Unix: Linux, macOS, or the Linux subsystem of Windows");

mod administrator;
mod cloud;
mod config_error;
mod config_file;
mod data;
mod database_port;
mod demo;
mod demo_error;
mod descriptors;
pub mod embedded;
mod framing;
mod front;
mod functions;
mod half_open;
mod home;
mod hosts;
mod inflight;
mod json_errors;
mod metrics;
mod options;
mod proxies;
mod readiness;
mod schedule;
mod server;
mod side_port;
mod sigv4;
mod sockets;
mod start_error;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use auth::bootstrap::ResetAdmin;
use domain::clock::Clock;
use domain::secret::Secret;
use futures_util::future::BoxFuture;
use service::http::edge::Edge;
use service::resources::Resources;
use service::store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{LocalPoolHandle, TaskTracker};

use crate::administrator::{first_admin, ignores_password, setup_link};
use crate::demo::Demo;
use crate::front::Front;
use crate::functions::Functions;
use crate::home::Home;
use crate::hosts::Hosts;
use crate::inflight::Permits;
use crate::metrics::Gauges;
use crate::readiness::Readiness;
use crate::sockets::{SidePorts, Sockets};

pub use administrator::{FirstAdmin, reset_admin};
pub use cloud::{CloudStorage, identity};
pub use config_error::ConfigError;
pub use config_file::Applied;
pub use data::default_folder;
pub use demo::Access as DemoAccess;
pub use demo_error::DemoError;
pub use home::Storage;
pub use metrics::Metrics;
pub use options::{ConfigFile, MAX_BODY_BYTES, MAX_INFLIGHT, MetricsPort, Options, SCHEDULE, STREAM_GRACE, workers};
pub use proxies::TrustedProxies;
pub use sigv4::AccessKey;
pub use start_error::StartError;

/// Settles what a process has left behind that did not end in order (OP3): only of data that this process has for
/// itself, so that nothing is under way. Processes that share their tables leave it to the schedules.
async fn recover(home: &Home, resources: &Resources, janitor: &janitor::App) -> Result<(), StartError> {
    if let Home::Embedded(_) = home {
        resources.store.forget_leases().await?;
        janitor::settle_left_behind(janitor).await?;
    }
    Ok(())
}

/// All routes, as connections see them.
fn front(
    functions: &Functions,
    store: Store,
    options: &Options,
    address: SocketAddr,
    stop: &CancellationToken,
) -> Front {
    let readiness = Readiness {
        store: store.clone(),
        stop: stop.clone(),
    };
    Front {
        edge: Edge::new(functions.router(readiness), Some(store)),
        permits: Permits::new(options.max_inflight),
        hosts: Hosts::of(address, &options.hosts),
        stream_grace: options.stream_grace,
        proxies: options.trusted_proxies.clone(),
    }
}

/// Begins the work that needs no request, which goes on until `stop`.
fn begin_schedules(
    options: &Options,
    home: &Home,
    functions: Functions,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    tasks.spawn(schedule::write_usage(functions.proxy.clone(), stop.clone()));
    if let Some(every) = options.schedule {
        tasks.spawn(schedule::run(every, home.clone(), functions, stop.clone()));
    }
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    first_admin: Option<FirstAdmin>,
    ignores_admin_password: bool,
    applied: Option<Applied>,
    setup_link: Option<Secret>,
    demo: Option<DemoAccess>,
    proxy: proxy::App,
    notify: notify::App,
    clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Kept until all that runs on them has ended.
    workers: Option<LocalPoolHandle>,
    sides: SidePorts,
    stream_grace: Duration,
    /// Kept open, and locked against a second process.
    home: Home,
}

impl Gateway {
    /// Opens the data, makes the first administrator if there is none, and listens.
    ///
    /// Boxed, so that all of the gateway is compiled in this crate, and not again in each that awaits it.
    pub fn start(options: Options) -> BoxFuture<'static, Result<Self, StartError>> {
        descriptors::raise_limit();
        Box::pin(Self::start_with(options))
    }

    /// Nothing is made before all sockets are this process's, and nothing can fail behind the first administrator,
    /// whose password is shown once (OP1).
    async fn start_with(options: Options) -> Result<Self, StartError> {
        demo::check(&options)?;
        let sockets = Sockets::bind(&options).await?;
        let address = sockets.gateway.local_addr()?;
        let home = Home::open(&options.storage, &options.clock).await?;
        let demo = Demo::make(&home, &options, address).await?;
        let resources = home.resources(options.clock.clone()).await?;
        let functions = Functions::new(&resources, &options, address)?;
        recover(&home, &resources, &functions.janitor).await?;
        let config = config_file::check(&functions.admin, &resources, &options).await?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let front = Arc::new(front(&functions, resources.store.clone(), &options, address, &stop));
        let workers = (options.workers > 0).then(|| LocalPoolHandle::new(options.workers));
        let gauges = Gauges::new(&front.permits, &options.clock);
        let (listener, sides) = sockets.serve_sides(&home, gauges, &tasks, &stop)?;
        let first_admin = first_admin(&resources, &options).await?;
        let applied = config_file::apply(config, &functions.admin, &resources.store, &options).await;
        server::begin(&listener, &front, workers.as_ref(), &tasks, &stop)?;
        let setup_link = setup_link(&home, &resources.store, &options, &functions.auth, address).await;
        let (proxy, notify) = (functions.proxy.clone(), functions.notify.clone());
        begin_schedules(&options, &home, functions, &tasks, &stop);
        let demo = demo.map(|demo| demo.begin(&tasks, &stop));
        Ok(Self {
            address,
            ignores_admin_password: ignores_password(&home, &options, first_admin.as_ref()),
            first_admin,
            applied,
            setup_link,
            demo,
            proxy,
            notify,
            clock: options.clock,
            stop,
            tasks,
            workers,
            sides,
            stream_grace: options.stream_grace,
            home,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The administrator that this start has made.
    pub fn first_admin(&self) -> Option<&FirstAdmin> {
        self.first_admin.as_ref()
    }

    /// True if a password was given for a first administrator, and there was one already.
    pub fn ignores_admin_password(&self) -> bool {
        self.ignores_admin_password
    }

    /// The outcome of the configuration's file, if there is one.
    pub fn applied(&self) -> Option<&Applied> {
        self.applied.as_ref()
    }

    /// How to look around, if this is a demo.
    pub fn demo(&self) -> Option<&DemoAccess> {
        self.demo.as_ref()
    }

    /// A link that signs its reader in as the administrator, once: while there is no model, and in a demo.
    pub fn setup_link(&self) -> Option<&Secret> {
        self.setup_link.as_ref()
    }

    /// Where the embedded database listens, if it does, and the key that its clients sign with.
    pub fn database(&self) -> Option<&(SocketAddr, AccessKey)> {
        self.sides.database.as_ref()
    }

    /// The address on which metrics are told, if they are.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.sides.metrics
    }

    /// The tables, for tests that look behind the routes.
    pub async fn store(&self) -> Result<Store, StartError> {
        self.home.store(self.clock.clone()).await
    }

    /// Writes at once what else would be written within a second, for tests that read the usage.
    pub async fn write_usage(&self) {
        self.proxy.write_usage().await;
    }

    /// Delivers at once the alerts that the schedule would within a minute, for tests that receive them.
    pub async fn deliver_alerts(&self) -> Result<(), StoreError> {
        notify::deliver_due(&self.notify).await
    }

    /// Takes no more requests, lets running ones end, ends streams that go on, settles them, writes
    /// what they used, and closes the data.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.proxy.drain(self.stream_grace).await;
        self.tasks.wait().await;
        self.proxy.write_usage().await;
        drop(self.workers);
    }
}
