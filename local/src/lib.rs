//! The whole gateway in one process: every function's routes on one port, over an embedded `DynamoDB`.
//!
//! The routers, the store and the SDK are those of the cloud; only the database's transport, the home of secrets and
//! the timers are the laptop's. [`Gateway::start`] serves the `local` binary and the tests alike.

mod data;
pub mod embedded;
mod framing;
mod front;
mod functions;
mod inflight;
mod json_errors;
mod schedule;
mod server;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use auth::bootstrap::{self, Bootstrap};
use domain::access::egress::AllowedNetworks;
use domain::access::password::PasswordPolicy;
use domain::clock::Clock;
use domain::models::Email;
use domain::secret::Secret;
use service::http::edge::Edge;
use service::outbound::Authorities;
use service::resources::Resources;
use service::store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{LocalPoolHandle, TaskTracker};

use crate::front::Front;
use crate::functions::Functions;
use crate::inflight::Permits;

pub use data::{Data, StartError, default_folder};

/// The default of `MAX_BODY_BYTES` here, where no event limits a body.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// The default of `MAX_INFLIGHT`.
pub const MAX_INFLIGHT: usize = 10_000;
/// As often as the cloud's schedules.
pub const SCHEDULE: Duration = Duration::from_mins(1);
/// How long running streams may go on after the request to stop, and how long everything else may take.
const STREAM_GRACE: Duration = Duration::from_secs(2);

/// How a local gateway is to run.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    /// The folder of the data; `None` keeps everything in memory, and nothing afterwards.
    pub folder: Option<PathBuf>,
    pub admin_email: Email,
    /// The first administrator's password; `None` makes one up.
    pub admin_password: Option<Secret>,
    /// Private networks that backends may be in, besides this machine.
    pub backend_networks: AllowedNetworks,
    /// Authorities that certify backends, besides the public ones.
    pub backend_authorities: Authorities,
    /// The region whose backends come first.
    pub backend_region: Option<String>,
    /// Times and sizes of completions.
    pub limits: proxy::Limits,
    /// Requests under way at once.
    pub max_inflight: usize,
    /// Threads that serve connections; without any, the runtime serves them on which the gateway is started.
    pub workers: usize,
    /// How often is done what the cloud does by schedules.
    pub schedule: Duration,
    pub clock: Clock,
    /// Where the embedded `DynamoDB` also listens, without authentication: for `cargo lambda watch`.
    pub dynamodb_listen: Option<SocketAddr>,
}

impl Options {
    /// In memory, on a port of this machine that the system chooses.
    pub fn in_memory(admin_email: Email) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            folder: None,
            admin_email,
            admin_password: None,
            backend_networks: AllowedNetworks::default(),
            backend_authorities: Authorities::default(),
            backend_region: None,
            limits: proxy::Limits::with_max_body(MAX_BODY_BYTES),
            max_inflight: MAX_INFLIGHT,
            workers: workers(),
            schedule: SCHEDULE,
            clock: Clock::system(),
            dynamodb_listen: None,
        }
    }
}

/// The administrator that the first start has made.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    pub email: Email,
    /// To be shown once, when nobody has chosen one.
    pub generated_password: Option<Secret>,
}

/// One worker for each core that this process may use.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Makes the first administrator, if there is none.
async fn first_admin(resources: &Resources, options: &Options) -> Result<Option<FirstAdmin>, StartError> {
    let admin = bootstrap::FirstAdmin {
        email: options.admin_email.clone(),
        password: options.admin_password.clone(),
    };
    Ok(match bootstrap::run(resources, admin, PasswordPolicy::Basic).await? {
        Bootstrap::AlreadyDone => None,
        Bootstrap::Created { generated_password } => Some(FirstAdmin {
            email: options.admin_email.clone(),
            generated_password,
        }),
    })
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    first_admin: Option<FirstAdmin>,
    proxy: proxy::App,
    clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Kept until all that runs on them has ended.
    workers: Option<LocalPoolHandle>,
    /// Kept open, and locked against a second process.
    data: Data,
}

impl Gateway {
    /// Opens the data, makes the first administrator if there is none, and listens.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let data = Data::open(options.folder.as_deref())?;
        let resources = data.resources(options.clock.clone()).await?;
        let first_admin = first_admin(&resources, &options).await?;
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let functions = Functions::new(&resources, &options, address)?;
        let front = Arc::new(Front {
            edge: Edge::new(functions.router(), resources.store),
            permits: Permits::new(options.max_inflight),
        });
        let workers = (options.workers > 0).then(|| LocalPoolHandle::new(options.workers));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        if let Some(listen) = options.dynamodb_listen {
            let listener = TcpListener::bind(listen).await?;
            tasks.spawn(data.serve_dynamodb(listener, stop.clone()));
        }
        let proxy = functions.proxy.clone();
        tasks.spawn(schedule::write_usage(proxy.clone(), stop.clone()));
        tasks.spawn(schedule::run(options.schedule, data.clone(), functions, stop.clone()));
        server::begin(&listener.into_std()?, &front, workers.as_ref(), &tasks, &stop)?;
        Ok(Self {
            address,
            first_admin,
            proxy,
            clock: options.clock,
            stop,
            tasks,
            workers,
            data,
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

    /// The tables, for tests that look behind the routes.
    pub async fn store(&self) -> Result<Store, StartError> {
        self.data.store(self.clock.clone()).await
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
        self.proxy.drain(STREAM_GRACE).await;
        self.tasks.wait().await;
        self.proxy.write_usage().await;
        drop(self.workers);
    }
}
