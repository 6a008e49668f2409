//! Shape: how long files and functions are, and that every module opens with its story. Tests are not counted.

use std::collections::BTreeSet;

use super::Problem;
use super::rust::{Source, functions};
use super::tree::File;

/// Longest file, in lines without its tests.
const FILE_LINES_MAX: usize = 800;

/// Longest function, in lines from `fn` to its closing bracket.
const FUNCTION_LINES_MAX: usize = 70;

/// Every Rust file of the repository.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let tests = test_files(files);
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        if !file.text.starts_with("//!") {
            problems.push(Problem::new(
                &file.path,
                1,
                "a module opens with `//!`: its place, what comes in, what goes out",
            ));
        }
        if !tests.contains(file.path.as_str()) {
            problems.extend(lengths(file));
        }
    }
    problems
}

fn lengths(file: &File) -> Vec<Problem> {
    let source = Source::read(&file.text);
    let is_test = |(code, all): &(&str, &str)| code.trim().is_empty() && !all.trim().is_empty();
    let test_lines = source.code.lines().zip(source.all_code.lines()).filter(is_test).count();
    let lines = file.text.lines().count() - test_lines;
    let mut problems = Vec::new();
    if lines > FILE_LINES_MAX {
        problems.push(Problem::new(&file.path, 1, format!("{lines} lines without tests: at most {FILE_LINES_MAX}")));
    }
    for function in functions(&source.code) {
        let lines = function.lines.len();
        if lines > FUNCTION_LINES_MAX {
            let sentence = format!("function {} has {lines} lines: at most {FUNCTION_LINES_MAX}", function.name);
            problems.push(Problem::new(&file.path, function.lines.start, sentence));
        }
    }
    problems
}

/// Paths of the files that only tests see: `tests.rs`, folders `tests`, and modules declared behind `#[cfg(test)]`.
pub(super) fn test_files(files: &[File]) -> BTreeSet<&str> {
    let declared: BTreeSet<String> = files.iter().filter(|file| file.is("rs")).flat_map(declared_for_tests).collect();
    let is_test = |path: &str| {
        path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests") || {
            declared.contains(path) || declared.iter().any(|module| is_inside(path, module))
        }
    };
    files.iter().map(|file| file.path.as_str()).filter(|path| is_test(path)).collect()
}

/// Whether the module of file `path` stands inside the module of file `module`.
fn is_inside(path: &str, module: &str) -> bool {
    let folder = module.strip_suffix("/mod.rs").or_else(|| module.strip_suffix(".rs")).unwrap_or(module);
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The files in which the test modules of this file can stand.
fn declared_for_tests(file: &File) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let folder = match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => format!("{folder}/{}", name.trim_end_matches(".rs")),
    };
    let modules = Source::read(&file.text).test_modules;
    modules.iter().flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expect: &[&str]) {
        let seen: Vec<String> = super::check(&[File::new(path, text)]).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn a_module_opens_with_its_story() {
        check("a/src/b.rs", "//! B.\n", &[]);
        check(
            "a/src/b.rs",
            "use c;\n",
            &["a/src/b.rs:1: a module opens with `//!`: its place, what comes in, what goes out"],
        );
        check("a/src/b.txt", "use c;\n", &[]);
    }

    #[test]
    fn functions_have_seventy_lines_at_most() {
        let function = |lines: usize| format!("//! A.\nfn long() {{\n{}}}\n", "a();\n".repeat(lines));
        check("a/src/b.rs", &function(68), &[]);
        check("a/src/b.rs", &function(69), &["a/src/b.rs:2: function long has 71 lines: at most 70"]);
        check("a/src/tests.rs", &function(69), &[]);
    }

    #[test]
    fn files_have_eight_hundred_lines_without_tests() {
        let file = |code: usize, tests: usize| {
            format!("//! A.\n{}#[cfg(test)]\nmod tests {{\n{}}}\n", "a!();\n".repeat(code), "b!();\n".repeat(tests))
        };
        check("a/src/b.rs", &file(799, 900), &[]);
        check("a/src/b.rs", &file(800, 0), &["a/src/b.rs:1: 801 lines without tests: at most 800"]);
    }

    #[test]
    fn modules_declared_for_tests_are_tests() {
        let files = [
            File::new("a/src/b.rs", "#[cfg(test)]\nmod check_b;"),
            File::new("a/src/b/check_b.rs", ""),
            File::new("a/src/b/check_b/more.rs", ""),
            File::new("a/src/lib.rs", "#[cfg(test)]\nmod agreement;\nmod b;"),
            File::new("a/src/agreement.rs", ""),
            File::new("a/tests/whole.rs", ""),
        ];
        let tests: Vec<&str> = test_files(&files).into_iter().collect();
        assert_eq!(tests, ["a/src/agreement.rs", "a/src/b/check_b.rs", "a/src/b/check_b/more.rs", "a/tests/whole.rs"]);
    }
}
