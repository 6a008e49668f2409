//! Handles, as who has the node's key and who has not.

use super::*;

const AT: Time = Time(1_000 * DAY);

/// A state under a key.
async fn sealed_under(key: u8) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let options = StateOptions { secrets: Some(SecretsKey([key; 32])), ..StateOptions::default() };
    let state = State::open(&folder.path().join("state.db"), options).await.unwrap();
    Kept { folder, state }
}

fn is_not_ours(opened: Result<String, StateError>) -> bool {
    matches!(opened, Err(StateError::NotFound("handle")))
}

#[tokio::test]
async fn a_handle_opens_to_its_text_and_shows_nothing_of_it() {
    let Kept { state, folder: _folder } = sealed_under(7).await;
    for text in ["a", "user:nürse.kim", &"long ".repeat(800)] {
        let handle = state.seal_handle(text, AT).unwrap();
        assert_eq!(state.open_handle(&handle, AT).unwrap(), text);
        assert!(
            text.len() < 4 || !handle.windows(4).any(|window| text.as_bytes().windows(4).any(|part| part == window))
        );
        assert_ne!(handle, state.seal_handle(text, AT).unwrap());
    }
}

#[tokio::test]
async fn the_length_of_a_short_text_does_not_show() {
    let Kept { state, folder: _folder } = sealed_under(7).await;
    let length = |letters: usize| state.seal_handle(&"x".repeat(letters), AT).unwrap().len();
    let lengths = [1, 20, 54, 55, 118, 119, 4_000].map(length);
    assert_eq!(lengths, [104, 104, 104, 168, 168, 232, 4_072]);
}

#[tokio::test]
async fn a_handle_that_was_changed_cut_or_sealed_elsewhere_does_not_open() {
    let Kept { state, folder: _folder } = sealed_under(7).await;
    let handle = state.seal_handle("patient:77310942", AT).unwrap();
    for place in 0..handle.len() {
        let mut changed = handle.clone();
        changed[place] ^= 1;
        assert!(is_not_ours(state.open_handle(&changed, AT)), "byte {place}");
        assert!(is_not_ours(state.open_handle(&handle[..place], AT)), "cut at {place}");
    }
    let other = sealed_under(8).await;
    assert!(is_not_ours(other.state.open_handle(&handle, AT)));
    assert!(matches!(self::state().await.state.open_handle(&handle, AT), Err(StateError::Refused(_))));
}

#[tokio::test]
async fn a_handle_opens_for_ninety_days() {
    let Kept { state, folder: _folder } = sealed_under(7).await;
    let handle = state.seal_handle("user:anna", AT).unwrap();
    let opened = |after: i64| state.open_handle(&handle, Time(AT.0 + after));
    assert_eq!(opened(90 * DAY).unwrap(), "user:anna");
    assert!(is_not_ours(opened(90 * DAY + 1)));
    assert_eq!(opened(-DAY).unwrap(), "user:anna");
    assert!(is_not_ours(opened(-91 * DAY)));
}

#[tokio::test]
async fn a_text_of_a_handle_has_one_to_four_thousand_bytes() {
    let Kept { state, folder: _folder } = sealed_under(7).await;
    for text in ["", &"x".repeat(4_001), &"ü".repeat(2_001), &"x".repeat(70_000)] {
        assert!(matches!(state.seal_handle(text, AT), Err(StateError::Refused(_))), "{} bytes", text.len());
    }
}
