//! A balancer of TCP connections, as a load balancer before several servers is: the next one that can be reached.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A server behind the balancer.
#[derive(Clone, Debug)]
struct Target {
    address: SocketAddr,
    open: Arc<AtomicUsize>,
}

type Targets = Arc<Mutex<Vec<Target>>>;

/// A balancer before some servers. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Balancer {
    address: SocketAddr,
    targets: Targets,
    _accepting: JoinSet<()>,
}

impl Balancer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, targets) = (listener.local_addr().unwrap(), Targets::default());
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&targets)));
        Self {
            address,
            targets,
            _accepting: accepting,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends connections to the server at `url` too.
    pub(super) fn add(&self, url: &str) {
        self.targets.lock().unwrap().push(Target {
            address: url.trim_start_matches("http://").parse().unwrap(),
            open: Arc::default(),
        });
    }

    /// Sends no more connections to the server at `url`; returns how many are open there.
    pub(super) fn remove(&self, url: &str) -> usize {
        let mut targets = self.targets.lock().unwrap();
        let at = |target: &Target| url.ends_with(&target.address.to_string());
        let removed = targets.iter().position(at).map(|position| targets.remove(position));
        removed.unwrap().open.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, targets: Targets) {
    let mut connections = JoinSet::new();
    for turn in 0.. {
        let (client, _) = listener.accept().await.unwrap();
        let mut order = targets.lock().unwrap().clone();
        let first = turn % order.len();
        order.rotate_left(first);
        connections.spawn(join(client, order));
    }
}

/// Joins the client to the first server that can be reached.
async fn join(mut client: TcpStream, order: Vec<Target>) {
    for target in order {
        if let Ok(mut server) = TcpStream::connect(target.address).await {
            target.open.fetch_add(1, Ordering::Relaxed);
            let _ = copy_bidirectional(&mut client, &mut server).await;
            target.open.fetch_sub(1, Ordering::Relaxed);
            return;
        }
    }
}
