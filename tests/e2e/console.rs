//! The console as the local gateway serves it.

use harness::Gateway;

#[tokio::test]
async fn the_local_gateway_serves_the_page_and_its_files() {
    let gateway = Gateway::start().await;
    let anybody = gateway.anybody();
    let page = anybody.get("/console/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers().contains_key("content-security-policy"));
    let page = page.text().await.unwrap();
    let script = page
        .split('"')
        .find(|text| text.ends_with("/main.js"))
        .unwrap()
        .to_owned();
    let script = anybody.get(&format!("/console/{script}")).send().await.unwrap();
    assert_eq!(script.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert!(script.text().await.unwrap().contains("api/v1/auth/login"));
}

#[tokio::test]
async fn a_browser_at_the_root_is_led_to_the_console_and_a_program_is_not() {
    let gateway = Gateway::start().await;
    let root = |accept: &str| gateway.anybody().get("/").header("accept", accept).send();
    let browser = root("text/html,application/xhtml+xml,*/*;q=0.8").await.unwrap();
    assert_eq!(
        (browser.status().as_u16(), browser.headers()["location"].as_bytes()),
        (302, &b"console/"[..])
    );
    let program = root("*/*").await.unwrap();
    assert_eq!(program.text().await.unwrap(), "ok\n");
}
