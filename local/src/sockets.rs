//! The sockets of a gateway: its own, and those beside it. All are this process's before anything is made (OP1).

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::data::Data;
use crate::database_port;
use crate::home::{Home, Storage};
use crate::hosts::Hosts;
use crate::metrics::{self, Gauges, Metrics};
use crate::options::{MetricsPort, Options};
use crate::sigv4::AccessKey;
use crate::start_error::StartError;

pub(crate) struct Sockets {
    pub(crate) gateway: TcpListener,
    /// The socket of the embedded database, if it is to have one.
    database: Option<TcpListener>,
    metrics: Option<(TcpListener, Metrics)>,
}

/// The sockets beside the gateway's own, served.
#[derive(Debug)]
pub(crate) struct SidePorts {
    /// The database's socket, and the key to it.
    pub(crate) database: Option<(SocketAddr, AccessKey)>,
    pub(crate) metrics: Option<SocketAddr>,
}

impl Sockets {
    pub(crate) async fn bind(options: &Options) -> Result<Self, StartError> {
        Ok(Self {
            gateway: bind(options.listen, "--listen, LISTEN").await?,
            database: bind_database(options).await?,
            metrics: match options.metrics.clone() {
                None => None,
                Some(MetricsPort { listen, metrics }) => {
                    Some((bind(listen, "--metrics-listen, METRICS_LISTEN").await?, metrics))
                }
            },
        })
    }

    /// Serves what is beside the gateway's own socket, and returns that one.
    pub(crate) fn serve_sides(
        self,
        home: &Home,
        gauges: Gauges,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<(std::net::TcpListener, SidePorts), StartError> {
        let database = match (self.database, home) {
            (Some(listener), Home::Embedded(data)) => Some(open_door(data, listener, tasks, stop)?),
            _ => None,
        };
        let metrics = match self.metrics {
            None => None,
            Some((listener, metrics)) => {
                let address = listener.local_addr()?;
                tasks.spawn(metrics::serve(listener, metrics, gauges, stop.clone()));
                Some(address)
            }
        };
        Ok((self.gateway.into_std()?, SidePorts { database, metrics }))
    }
}

async fn bind(address: SocketAddr, option: &'static str) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|why| StartError::Listen { address, option, why })
}

/// For this machine alone.
async fn bind_database(options: &Options) -> Result<Option<TcpListener>, StartError> {
    match (options.dynamodb_listen, &options.storage) {
        (None, _) | (_, Storage::Cloud(_)) => Ok(None),
        (Some(listen), _) if listen.ip().is_loopback() => {
            bind(listen, "--dynamodb-listen, DYNAMODB_LISTEN").await.map(Some)
        }
        (Some(listen), _) => Err(StartError::DatabaseForOthers(listen)),
    }
}

/// Lets clients of this machine that have a new key use the tables.
fn open_door(
    data: &Data,
    listener: TcpListener,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(SocketAddr, AccessKey), StartError> {
    let (address, key) = (listener.local_addr()?, AccessKey::generate());
    let door = data.door(key.clone(), Hosts::of(address, &[]));
    tasks.spawn(database_port::serve(listener, door, stop.clone()));
    Ok((address, key))
}
