//! The pages of sign-ins: without script, in two languages, and shown nowhere but alone.

use harness::Gateway;
use serde_json::json;

use super::Company;

#[tokio::test]
async fn v7_pages_are_of_us_alone_and_are_not_kept() {
    let company = Company::start().await;
    let asked = company.asked(&[]).await;
    let form = company.get("/device").send().await.unwrap();
    let wrong = company.get("/oauth/authorize").send().await.unwrap();
    for headers in [&asked.headers, form.headers(), wrong.headers()] {
        let policy =
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        assert_eq!(headers["content-security-policy"], policy);
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "same-origin");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    }
    let cookies: Vec<_> = asked.headers.get_all("set-cookie").iter().collect();
    let strict = cookies
        .iter()
        .any(|cookie| cookie.to_str().unwrap().contains("HttpOnly; SameSite=Strict"));
    assert!(strict, "{cookies:?}");
    let style = company.get("/oauth/style.css").send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn pages_speak_chinese_to_whom_asks_for_it() {
    let company = Company::start().await;
    for (language, title) in [
        ("zh-CN,zh;q=0.9", "登录程序"),
        ("en", "Sign a program in"),
        ("fr", "Sign a program in"),
    ] {
        let page = company
            .get("/device")
            .header("accept-language", language)
            .send()
            .await
            .unwrap();
        assert!(page.text().await.unwrap().contains(title), "{language}");
    }
}

#[tokio::test]
async fn what_others_have_written_is_text_on_a_page() {
    let company = Company::start_with(json!({"login_notice": "<b>work & home</b>"})).await;
    let page = company.get("/device").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;b&gt;work &amp; home&lt;/b&gt;"), "{page}");
}

#[tokio::test]
async fn a_browser_is_led_on_by_a_page_since_forms_lead_to_us_alone() {
    let company = Company::start().await;
    let asked = company.asked(&[]).await;
    let form = [("question", asked.secret()), ("decision", "approve")];
    let pressed = company.press("/oauth/decision", &form, &asked.cookie);
    let page = pressed.header("sec-fetch-mode", "navigate").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers().get("location").is_none());
    let html = page.text().await.unwrap();
    assert!(
        html.contains("http-equiv=\"refresh\" content=\"0; url=http://127.0.0.1:1/callback?code=tgac-"),
        "{html}"
    );
}

#[tokio::test]
async fn somebody_who_may_not_come_in_is_told_on_the_page() {
    let company = Company::start().await;
    let begun =
        harness::identity_provider::Begun::by(&company.installation.gateway, &Company::authorize_path(&[])).await;
    let back = company.come_back(&begun, &json!({"email_verified": false})).await;
    assert_eq!(back.status(), 400);
    let html = back.text().await.unwrap();
    assert!(
        html.contains("Nobody was signed in") && html.contains("the login was not completed"),
        "{html}"
    );
}

#[tokio::test]
async fn a_person_reads_in_words_that_single_sign_on_is_off() {
    let gateway = Gateway::start().await;
    let on = json!({"sign_in_enabled": true});
    gateway.admin().change("/api/v1/admin/settings", &on).await;
    let page = gateway.anybody().get("/device").header("accept-language", "zh-CN");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 403);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let html = page.text().await.unwrap();
    assert!(html.contains("单点登录已关闭"), "{html}");
}
