//! The description as a file, out of which the console has its types.

use std::path::Path;

/// What writes the file anew.
const MENDED_BY: &str = "CORDON_WRITE_DESCRIPTION=1 cargo nextest run --workspace -E 'test(the_console_is_typed_by_the_description_of_the_code)'";

#[test]
fn the_console_is_typed_by_the_description_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    let text = serde_json::to_string_pretty(&cordon_api::description()).unwrap() + "\n";
    if std::env::var_os("CORDON_WRITE_DESCRIPTION").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let line = kept.lines().zip(text.lines()).position(|(kept, text)| kept != text);
    assert!(kept == text, "web/openapi.json is another from line {:?} on; this writes it anew: {MENDED_BY}", line);
}
