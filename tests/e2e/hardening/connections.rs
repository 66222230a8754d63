//! Connections: those that say nothing shut nobody out, and who listens for others is warned.

use std::time::Duration;

use harness::client::{Client, status};
use harness::process::LocalProcess;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Less than heads of requests are waited for.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn p77_ha25_half_open_connections_shut_nobody_out() {
    let folder = TempDir::new().unwrap();
    let local = LocalProcess::start_limited(folder.path(), "127.0.0.1:0", 200).await;
    let address = local.base_url().strip_prefix("http://").unwrap().to_owned();
    let mut held = Vec::new();
    for number in 0..600 {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        if number % 2 == 0 {
            // One that gave way meanwhile cannot be written to.
            let _ = connection.write_all(b"GET /health HTTP/1.1\r\nHost: local").await;
        }
        held.push(connection);
    }
    let health = timeout(SOON, status(local.anybody().get("/health"))).await;
    assert_eq!(health.expect("nobody waits for those who say nothing"), 200);
    drop(held);
}

#[tokio::test]
async fn ha25_op2_who_listens_beyond_loopback_is_warned_at_the_terminal() {
    for (listen, is_warned) in [("0.0.0.0:0", true), ("127.0.0.1:0", false), ("localhost:0", false)] {
        let folder = TempDir::new().unwrap();
        let mut local = LocalProcess::start_limited(folder.path(), listen, 1024).await;
        let next = local.line().await.unwrap();
        assert_eq!(
            next.starts_with("without TLS, for everybody who reaches this address"),
            is_warned,
            "{next}"
        );
        let port = local.base_url().rsplit(':').next().unwrap();
        assert_eq!(
            status(Client::new(format!("http://127.0.0.1:{port}")).get("/health")).await,
            200
        );
    }
}
