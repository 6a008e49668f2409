//! Links: what a Markdown file points to within the repository exists.

use std::collections::BTreeSet;

use super::Problem;
use super::tree::File;

/// Every relative link of every Markdown file.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let known = known_paths(files);
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is("md")) {
        for (line, target) in links(&file.text) {
            let sentence = match resolve(&file.path, target) {
                None => format!("the link {target} leads out of the repository"),
                Some(path) if !known.contains(path.as_str()) => format!("the link {target} leads nowhere"),
                Some(_) => continue,
            };
            problems.push(Problem::new(&file.path, line, sentence));
        }
    }
    problems
}

/// All files and folders; the root is the empty path.
fn known_paths(files: &[File]) -> BTreeSet<&str> {
    let mut known = BTreeSet::from([""]);
    for file in files {
        let mut path = file.path.as_str();
        while known.insert(path) {
            path = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
    }
    known
}

/// Targets of the inline links outside code, with their lines; those with a scheme and those within the page are left out.
fn links(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut is_code) = (Vec::new(), false);
    for (line, content) in text.lines().enumerate() {
        if content.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        // outside `code`: the parts with even numbers
        for part in content.split('`').step_by(2) {
            let targets = part.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '#']).next());
            let relative = targets
                .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"));
            found.extend(relative.map(|target| (line + 1, target)));
        }
    }
    found
}

/// The path from the root; `None` when it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole =
        if let Some(rooted) = target.strip_prefix('/') { rooted.to_owned() } else { format!("{folder}/{target}") };
    let mut parts = Vec::new();
    for part in whole.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expect: &[&str]) {
        let files = [File::new(path, text), File::new("docs/adr/0001-a.md", ""), File::new("LICENSE", "")];
        let seen: Vec<String> = super::check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn links_to_what_exists_pass() {
        check(
            "README.md",
            "[a](docs/adr/0001-a.md#why), [b](docs/adr), ![c](./LICENSE \"licence\"), [d](#here), [e](https://x.org/y)\n",
            &[],
        );
        check("docs/b.md", "[a](adr/0001-a.md) and [l](../LICENSE) and [r](/LICENSE)\n", &[]);
        check("docs/b.md", "`[a](gone.md)`\n```\n[a](gone.md)\n```\n", &[]);
    }

    #[test]
    fn links_to_nothing_are_found() {
        check("docs/b.md", "a\n[a](LICENSE), [b](../LICENSE)\n", &["docs/b.md:2: the link LICENSE leads nowhere"]);
        check(
            "README.md",
            "[a](../shared/x.md)\n",
            &["README.md:1: the link ../shared/x.md leads out of the repository"],
        );
    }
}
