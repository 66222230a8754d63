//! The lines that the program writes on the terminal.

use domain::secret::Secret;
use local::{Applied, DemoAccess, Gateway, ResetAdmin, StartError};

#[expect(clippy::print_stdout, reason = "the person at the terminal has asked for it")]
pub(crate) fn tell_reset(reset: &ResetAdmin) {
    println!("The administrator {} has a new password", reset.email);
    match &reset.generated_password {
        Some(password) => println!("which is {} (shown only now)", password.expose()),
        None => println!("which is the one of ADMIN_PASSWORD"),
    }
}

/// Says where it listens, and once, at the first start, how to sign in.
#[expect(clippy::print_stdout, reason = "this is what the person at the terminal waits for")]
pub(crate) fn greet(gateway: &Gateway) {
    println!("tidegate listens on http://{}", gateway.address());
    if !gateway.address().ip().is_loopback() {
        println!("without TLS, for everybody who reaches this address: put a reverse proxy with TLS before it");
    }
    if let Some((address, key)) = gateway.database() {
        println!("The database listens on http://{address}");
        println!(
            "with AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}",
            key.id,
            key.secret.expose()
        );
    }
    if let Some(address) = gateway.metrics() {
        println!("Metrics are told on http://{address}/metrics");
    }
    if let Some(admin) = gateway.first_admin() {
        println!("The first administrator is {}", admin.email);
        if let Some(password) = &admin.generated_password {
            println!("with the password {} (shown only now)", password.expose());
        }
    }
    if gateway.ignores_admin_password() {
        println!("ADMIN_PASSWORD is not used: there is an administrator already (--reset-admin sets a new password)");
    }
    if let Some(applied) = gateway.applied() {
        tell_applied(applied);
    }
    match (gateway.demo(), gateway.setup_link()) {
        (Some(demo), link) => tell_demo(demo, link),
        (None, Some(link)) => println!("Set it up at {} (once, within 15 minutes)", link.expose()),
        (None, None) => {}
    }
}

#[expect(clippy::print_stdout, reason = "a file that was not applied must not go unseen")]
fn tell_applied(applied: &Applied) {
    let Applied {
        changed,
        unchanged,
        problem,
    } = applied;
    println!("The configuration is applied: {changed} changes, {unchanged} as they were");
    if let Some(problem) = problem {
        println!("but not wholly: {problem}");
    }
}

#[expect(clippy::print_stdout, reason = "this is how to look around")]
fn tell_demo(demo: &DemoAccess, link: Option<&Secret>) {
    println!("This is a demo: its people and figures are made up, and a script answers in place of the models");
    match &demo.folder {
        Some(folder) => println!("Its data stays in {}", folder.display()),
        None => println!("Its data is in memory, and gone at the end"),
    }
    println!("Sign in as {}", demo.accounts.join(", "));
    println!("with the password {} (shown only now)", demo.password.expose());
    if let Some(link) = link {
        println!("Look around at {} (once, within 15 minutes)", link.expose());
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the reason has to be seen also when nothing is logged"
)]
pub(crate) fn tell_error(error: &StartError) {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    let mut reasons = Vec::new();
    while let Some(error) = next {
        reasons.push(error.to_string());
        next = error.source();
    }
    eprintln!("tidegate cannot start: {}", reasons.join(": "));
}

#[expect(clippy::print_stderr, reason = "the only answer besides the status")]
pub(crate) fn tell_sickness(reason: &std::io::Error) {
    eprintln!("tidegate is not healthy: {reason}");
}
