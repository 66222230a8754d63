//! The help of a form for backends, in the reader's language (G18).

use harness::Gateway;
use harness::client::data;
use serde_json::Value;

fn is_in_chinese(setting: &Value) -> bool {
    let help = setting["help"].as_str().unwrap();
    help.chars().any(|character| ('一'..='鿿').contains(&character))
}

#[tokio::test]
async fn g18_the_settings_of_backends_are_explained_in_both_languages() {
    let gateway = Gateway::start().await;
    let of = async |language: &str| {
        let asked = gateway.admin().get("/api/v1/admin/backend-settings");
        data(asked.header("accept-language", language), 200).await
    };
    let (english, chinese) = (of("en").await, of("zh-CN").await);
    let (english, chinese) = (english.as_array().unwrap(), chinese.as_array().unwrap());
    assert!(english.len() > 40 && english.len() == chinese.len());
    assert_eq!(english.iter().find(|setting| is_in_chinese(setting)), None);
    assert_eq!(chinese.iter().find(|setting| !is_in_chinese(setting)), None);
}
