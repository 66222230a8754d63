//! The whole gateway in one process: every function's routes on one port, over an embedded `DynamoDB`.
//!
//! The routers, the store and the SDK are those of the cloud; only the database's transport, the home of secrets and
//! the timers are the laptop's. [`Gateway::start`] serves the `local` binary and the tests alike.

mod cloud;
mod data;
mod database_port;
mod descriptors;
pub mod embedded;
mod framing;
mod front;
mod functions;
mod home;
mod hosts;
mod inflight;
mod json_errors;
mod options;
mod readiness;
mod schedule;
mod server;
mod sigv4;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use auth::bootstrap::{self, Bootstrap};
use domain::clock::Clock;
use domain::models::Email;
use domain::models::user::User;
use domain::secret::Secret;
use futures_util::future::BoxFuture;
use service::http::edge::Edge;
use service::resources::Resources;
use service::store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{LocalPoolHandle, TaskTracker};

use crate::data::Data;
use crate::front::Front;
use crate::functions::Functions;
use crate::home::Home;
use crate::hosts::Hosts;
use crate::inflight::Permits;
use crate::readiness::Readiness;

pub use cloud::CloudStorage;
pub use data::{StartError, default_folder};
pub use home::Storage;
pub use options::{MAX_BODY_BYTES, MAX_INFLIGHT, Options, SCHEDULE, STREAM_GRACE, workers};
pub use sigv4::AccessKey;

/// The administrator that the first start has made.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    pub email: Email,
    /// To be shown once, when nobody has chosen one.
    pub generated_password: Option<Secret>,
}

/// Makes the first administrator, if there is none.
async fn first_admin(resources: &Resources, options: &Options) -> Result<Option<FirstAdmin>, StartError> {
    let admin = bootstrap::FirstAdmin {
        email: options.admin_email.clone(),
        password: options.admin_password.clone(),
    };
    Ok(match bootstrap::run(resources, admin, options.passwords).await? {
        Bootstrap::AlreadyDone => None,
        Bootstrap::Created { generated_password } => Some(FirstAdmin {
            email: options.admin_email.clone(),
            generated_password,
        }),
    })
}

/// A link to the console that signs in the administrator of `options`, if the installation has no model yet. Its code is
/// known to this process alone.
async fn setup_link(
    store: &Store,
    options: &Options,
    auth: &auth::App,
    address: SocketAddr,
) -> Result<Option<Secret>, StartError> {
    let admin = store.user_by_email(&options.admin_email).await?;
    let Some(admin) = admin.filter(User::is_active_admin) else {
        return Ok(None);
    };
    if store.catalog().await?.entries().next().is_some() {
        return Ok(None);
    }
    let code = auth.issue_setup_code(admin.id);
    Ok(Some(
        format!("http://{address}/console/#setup={}", code.expose()).into(),
    ))
}

/// Lets clients of this machine that have a new key use the tables.
async fn open_door(
    data: &Data,
    listen: SocketAddr,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(SocketAddr, AccessKey), StartError> {
    if !listen.ip().is_loopback() {
        return Err(StartError::DatabaseForOthers(listen));
    }
    let listener = TcpListener::bind(listen).await?;
    let (address, key) = (listener.local_addr()?, AccessKey::generate());
    let door = data.door(key.clone(), Hosts::of(address, &[]));
    tasks.spawn(database_port::serve(listener, door, stop.clone()));
    Ok((address, key))
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
    }
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    first_admin: Option<FirstAdmin>,
    setup_link: Option<Secret>,
    proxy: proxy::App,
    clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Kept until all that runs on them has ended.
    workers: Option<LocalPoolHandle>,
    /// Where the database listens, and the key to it.
    database: Option<(SocketAddr, AccessKey)>,
    stream_grace: Duration,
    /// Kept open, and locked against a second process.
    home: Home,
}

impl Gateway {
    /// Opens the data, makes the first administrator if there is none, and listens.
    ///
    /// Boxed, so that all of the gateway is compiled in this crate, and not again in each that awaits it.
    pub fn start(options: Options) -> BoxFuture<'static, Result<Self, StartError>> {
        Box::pin(Self::start_with(options))
    }

    async fn start_with(options: Options) -> Result<Self, StartError> {
        descriptors::raise_limit();
        let home = Home::open(&options.storage, &options.clock).await?;
        let resources = home.resources(options.clock.clone()).await?;
        let first_admin = first_admin(&resources, &options).await?;
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let functions = Functions::new(&resources, &options, address)?;
        let setup_link = match &home {
            Home::Embedded(_) => setup_link(&resources.store, &options, &functions.auth, address).await?,
            Home::Cloud(_) => None,
        };
        let front = Arc::new(front(&functions, resources.store, &options, address, &stop));
        let workers = (options.workers > 0).then(|| LocalPoolHandle::new(options.workers));
        let database = match (options.dynamodb_listen, &home) {
            (Some(listen), Home::Embedded(data)) => Some(open_door(data, listen, &tasks, &stop).await?),
            _ => None,
        };
        let proxy = functions.proxy.clone();
        tasks.spawn(schedule::write_usage(proxy.clone(), stop.clone()));
        if let Some(every) = options.schedule {
            tasks.spawn(schedule::run(every, home.clone(), functions, stop.clone()));
        }
        server::begin(&listener.into_std()?, &front, workers.as_ref(), &tasks, &stop)?;
        Ok(Self {
            address,
            first_admin,
            setup_link,
            proxy,
            clock: options.clock,
            stop,
            tasks,
            workers,
            database,
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

    /// A link that signs its reader in as the administrator, once: while there is no model.
    pub fn setup_link(&self) -> Option<&Secret> {
        self.setup_link.as_ref()
    }

    /// Where the embedded database listens, if it does, and the key that its clients sign with.
    pub fn database(&self) -> Option<&(SocketAddr, AccessKey)> {
        self.database.as_ref()
    }

    /// The tables, for tests that look behind the routes.
    pub async fn store(&self) -> Result<Store, StartError> {
        self.home.store(self.clock.clone()).await
    }

    /// Writes at once what else would be written within a second, for tests that read the usage.
    pub async fn write_usage(&self) {
        self.proxy.write_usage().await;
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
