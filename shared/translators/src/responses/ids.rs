//! The ids of responses and of their items that are made here (RA2): `resp_<k>`, and `<type>_<k>_<n>`.

/// The response that an item's id names; `None` for an id of another server.
pub fn response_of(item: &str) -> Option<String> {
    let (_, key) = item.rsplit_once('_')?.0.split_once('_')?;
    Some(format!("resp_{key}")).filter(|id| is_response_id(id))
}

/// True for the form of our ids.
pub fn is_response_id(id: &str) -> bool {
    let is_key = |key: &str| {
        let mut letters = key.bytes();
        (20..=40).contains(&key.len()) && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    id.strip_prefix("resp_").is_some_and(is_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ra2_an_items_id_names_its_response_and_ids_of_other_servers_name_none() {
        let key = "k".repeat(32);
        assert_eq!(response_of(&format!("msg_{key}_0")), Some(format!("resp_{key}")));
        for foreign in [
            "msg_1",
            "rs_68a1b2c3d4e5f60718293a4b5c6d7e8f",
            "msg_K_0",
            "",
            "_",
            &format!("{key}_0"),
        ] {
            assert_eq!(response_of(foreign), None, "{foreign}");
        }
        assert!(is_response_id(&format!("resp_{key}")));
        assert!(!is_response_id(&format!("resp_{}", key.to_uppercase())));
    }
}
