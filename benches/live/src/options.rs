//! The options of all commands: `--name value`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail};

pub struct Options {
    pub command: String,
    values: BTreeMap<String, String>,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let command = arguments.next().unwrap_or_default();
        let mut values = BTreeMap::new();
        while let Some(name) = arguments.next() {
            let Some(name) = name.strip_prefix("--") else { bail!("{name}: options are --name value") };
            let value = arguments.next().with_context(|| format!("--{name} wants a value"))?;
            values.insert(name.to_owned(), value);
        }
        Ok(Self { command, values })
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub fn or<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().map_err(|_| anyhow!("--{name} {text} is not a number"))
    }

    pub fn path(&self, name: &str) -> Result<PathBuf> {
        self.text(name).map(PathBuf::from).with_context(|| format!("--{name} is missing"))
    }
}
