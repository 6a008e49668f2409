//! The words of the catalogue as a page and as an example file.

use std::fmt::Write as _;

use super::catalogue::{CATALOGUE, Change, Section, Setting};

/// Longest line of comments in the example file, characters.
const LINE_CHARS: usize = 100;

/// An example file: every setting with its words, commented out at its default. With all of it uncommented it loads and says the same.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# Cordon: settings. Every line that starts with `#key` shows a default; remove the `#` to change it.\n\
         # Above this file stand variables (CORDON_API__ADDRESS is api.address), above those the flags of the command line.\n\
         # `systemctl reload cordon` takes over what can change while running and says what waits for a restart.\n",
    );
    for section in CATALOGUE {
        let _ = writeln!(text);
        comment(&mut text, section.doc);
        if section.repeats {
            let _ = writeln!(text, "#[[{}]]", section.name);
        } else if !section.name.is_empty() {
            let _ = writeln!(text, "[{}]", section.name);
        }
        for setting in section.settings {
            comment(&mut text, setting.doc);
            let _ = writeln!(text, "#{} = {}", setting.name, setting.default);
        }
    }
    text
}

fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > LINE_CHARS {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// The page `docs/configuration.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(HEAD);
    for section in CATALOGUE {
        let title = match (section.name, section.repeats) {
            ("", _) => "At the top".to_owned(),
            (name, true) => format!("`[[{name}]]`"),
            (name, false) => format!("`[{name}]`"),
        };
        let change = if section.change == Change::Reload { "a reload" } else { "a restart" };
        let _ = writeln!(text, "\n## {title}\n\n{} A change needs {change}.\n", section.doc);
        let _ = writeln!(text, "| setting | takes | default | what it does |\n|---|---|---|---|");
        for setting in section.settings {
            row(&mut text, section, setting);
        }
    }
    text
}

fn row(text: &mut String, section: &Section, setting: &Setting) {
    let default = match setting.default {
        example if setting.needed => format!("needed; for example `{example}`"),
        "\"\"" => "empty".to_owned(),
        default => format!("`{default}`"),
    };
    let expected = setting.kind.expected().replace('|', "\\|");
    let mut doc = setting.doc.replace('|', "\\|");
    match setting.change {
        Some(Change::Reload) => doc.push_str(" A change needs a reload."),
        Some(Change::Restart) => doc.push_str(" A change needs a restart."),
        None => {}
    }
    let _ = writeln!(text, "| `{}` | {expected} | {default} | {doc} |", section.key(setting));
}

const HEAD: &str = "# Configuration

This page is made from the code (`crates/node/src/config/catalogue`); `cordon config --example` prints the same as a file to start from, which is also
`packaging/cordon.toml`. Without any file the node starts with the defaults, which listen on this machine alone.

Later layers win: defaults, the file, variables, flags.

- **File**: TOML. An unknown key or a value that does not fit is refused, with file, line and what is expected, before anything starts.
- **Variables**: `CORDON_` and the key in capitals, with `__` for the point: `CORDON_API__ADDRESS=0.0.0.0:8480`. Texts stand without quotes, lists with commas
  between. A table that repeats is written whole, as a TOML list: `CORDON_WEBHOOKS='[{name = \"chat\", url = \"https://..\", secret_file = \"/..\"}]'`; it
  replaces those of the file. Unknown ones are refused too; `CORDON_SERVICE_*` and `CORDON_PORT*`, which container platforms set, are left alone.
- **Flags**: `cordon serve --set api.address=0.0.0.0:8480`, as often as needed.

A change that needs a reload is taken over by a running node on SIGHUP (`systemctl reload cordon`) or `POST /api/v1/settings/reload`. The node names in its log and in
the answer what changed and what waits for a restart. When anything is wrong, all stays as it was, and it says where.

No setting holds a secret: passwords, tokens and keys stand in files of their own, which the settings name.
";
