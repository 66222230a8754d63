//! `tidegate health`: the health check of a container, which has no shell and no other program.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use crate::arguments::listen_address;

/// The time limit of the connection, and of each read. Below what container engines wait for (30 s).
const TIMEOUT: Duration = Duration::from_secs(5);
/// The beginning of an answer of 200.
const HEALTHY: &[u8] = b"HTTP/1.1 200 ";

#[derive(Debug, Args)]
pub(crate) struct HealthCheck {
    /// The address on which the gateway listens.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080", value_parser = listen_address)]
    listen: SocketAddr,
}

impl HealthCheck {
    /// Asks for `/health`; all but a 200 is an error.
    pub(crate) fn ask(&self) -> io::Result<()> {
        let address = reachable(self.listen);
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut status = [0; HEALTHY.len()];
        stream.read_exact(&mut status)?;
        if status == HEALTHY {
            Ok(())
        } else {
            let status = String::from_utf8_lossy(&status).into_owned();
            Err(io::Error::other(format!("{address} answers {status}")))
        }
    }
}

/// The address at which this machine reaches what listens on `address`: that of all networks is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        named => named,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Asks a server that answers `answer`.
    fn ask(answer: &'static str) -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 16];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(&request, b"GET /health HTTP");
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let listen = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), listen.port());
        let asked = HealthCheck { listen }.ask();
        server.join().unwrap();
        asked
    }

    #[test]
    fn c1_only_a_200_is_health() {
        ask("HTTP/1.1 200 OK\r\n\r\n{}").unwrap();
        for sick in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 2", ""] {
            ask(sick).unwrap_err();
        }
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        HealthCheck { listen: closed }.ask().unwrap_err();
    }
}
