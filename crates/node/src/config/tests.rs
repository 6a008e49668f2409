//! Settings from every layer, what is refused, what a reload takes.

use std::collections::BTreeSet;

use super::*;

fn load(text: &str) -> Result<Config, Faults> {
    Config::load(&Layers { file: Some(("cordon.toml", text)), ..Layers::default() })
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn check_refused(text: &str, expect: &[&str]) {
    let faults = load(text).expect_err("it should be refused");
    let said: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
    assert_eq!(said, expect);
}

#[test]
fn without_any_file_the_defaults_start_a_node_for_this_machine_alone() {
    let config = Config::load(&Layers::default()).unwrap();
    assert_eq!(config.api.address.to_string(), "127.0.0.1:8480");
    assert_eq!(config.api.public_url, "http://127.0.0.1:8480");
    assert_eq!(config.site, "main");
    let listening = [&config.intake.http, &config.intake.syslog_udp, &config.intake.syslog_tcp];
    assert!(listening.iter().all(|addresses| addresses.len() == 1 && addresses[0].ip().is_loopback()));
    assert!(config.smtp.is_none() && config.heartbeat.is_none() && config.event_clock.is_none());
    assert_eq!(config.retention.cited_days_min, 2190);
    assert!(config.values.iter().all(|(_, _, origin)| *origin == Origin::Default));
}

#[test]
fn later_layers_win_and_each_value_knows_where_it_comes_from() {
    let environment = owned(&[
        ("CORDON_API__ADDRESS", "0.0.0.0:1"),
        ("CORDON_INTAKE__HTTP", "127.0.0.1:2, 127.0.0.1:3"),
        ("CORDON_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ]);
    let flags = owned(&[("api.address", "0.0.0.0:9"), ("query.at_once_max", "2")]);
    let text = "site = \"north\"\n[api]\naddress = \"127.0.0.1:5\"\n[query]\nat_once_max = 7\n";
    let layers = Layers { file: Some(("c.toml", text)), environment: &environment, flags: &flags };
    let config = Config::load(&layers).unwrap();
    let set: Vec<String> = config
        .values
        .iter()
        .filter(|(_, _, origin)| *origin != Origin::Default)
        .map(|(key, value, origin)| format!("{key} = {value} # {origin}"))
        .collect();
    assert_eq!(
        set,
        [
            "site = \"north\" # c.toml:1",
            "api.address = \"0.0.0.0:9\" # flag api.address",
            "intake.http = [\"127.0.0.1:2\", \"127.0.0.1:3\"] # variable CORDON_INTAKE__HTTP",
            "query.at_once_max = 2 # flag query.at_once_max",
        ]
    );
    assert_eq!(config.api.public_url, "https://0.0.0.0:9");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_key_that_was_meant() {
    check_refused("sitte = \"a\"\n", &["cordon.toml:1: `sitte` is no setting (did you mean `site`?)"]);
    check_refused(
        "[intake]\nhtpp = []\n[api]\nmllp = []\n[wat]\nx = 1\n",
        &[
            "cordon.toml:4: `api.mllp` is no setting (did you mean `intake.mllp`?)",
            "cordon.toml:2: `intake.htpp` is no setting (did you mean `intake.http`?)",
            "cordon.toml:5: `wat` is no setting; `cordon config --example` lists them all",
        ],
    );
    let environment = owned(&[("CORDON_API__ADRESS", "x")]);
    let faults = Config::load(&Layers { environment: &environment, ..Layers::default() }).unwrap_err();
    let expect = "variable CORDON_API__ADRESS: `api.adress` is no setting (did you mean `api.address`?)";
    assert_eq!(faults.to_string(), expect);
}

#[test]
fn a_wrong_value_is_refused_with_its_line_and_what_is_expected() {
    check_refused(
        "time_zone = \"Mars/Base\"\n[retention]\ndays_max = 0\nbytes_max = 5\n[api]\naddress = \"localhost\"\n",
        &[
            "cordon.toml:6: `api.address` has a value that does not fit: expected an address and a port to listen on, such as `127.0.0.1:8480` or `[::]:514`",
            "cordon.toml:4: `retention.bytes_max` has a value that does not fit: expected a number of bytes with a unit, such as `512KiB`, `64MiB` or `2TiB`",
            "cordon.toml:3: `retention.days_max` has a value that does not fit: expected a whole number from 1 to 36500",
            "cordon.toml:1: `time_zone` has a value that does not fit: expected the name of a time zone, such as `Europe/Berlin`",
        ],
    );
    check_refused("[api\n", &["cordon.toml:1: this is not TOML: unclosed table, expected `]`"]);
    check_refused(
        "[sources]\nid = \"a\"\n",
        &["cordon.toml:1: `sources` is a table that may repeat: expected `[[sources]]`"],
    );
}

#[test]
fn a_needed_setting_that_is_missing_is_named() {
    check_refused(
        "\n[[sources]]\nid = \"a\"\nlistener = \"http\"\n",
        &["cordon.toml:2: `sources.sender` is missing: expected text of at most 4096 bytes"],
    );
}

#[test]
fn a_password_in_the_wrong_place_is_not_repeated() {
    let said = load("[smtp]\npassword = \"hunter2\"\nport = \"hunter2\"\n").unwrap_err().to_string();
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let recipient = "[[recipients]]\nname = \"a\"\nrole = \"analyst\"\n";
    check_refused(
        "[keys]\nfile = \"a\"\npassphrase_file = \"b\"\n[tls]\nkey = \"k\"\n",
        &[
            "cordon.toml:3: `keys.passphrase_file` and `keys.file` are both set: expected one of them",
            "cordon.toml:5: `tls.key` stands alone: expected `tls.certificate` and `tls.key` together",
        ],
    );
    check_refused(
        "[intake]\nmllp = [\"127.0.0.1:8480\"]\n",
        &["cordon.toml:2: `intake.mllp` has 127.0.0.1:8480, which `api.address` has taken: expected another port"],
    );
    check_refused(
        "[smtp]\nhost = \"mail.example\"\nsecurity = \"plain\"\n",
        &[
            "default: `smtp.from` is missing: expected a mail address, because `smtp.host` is set",
            "cordon.toml:3: `smtp.security` is `plain`, which only goes to this machine: expected `starttls` or `tls`",
        ],
    );
    check_refused(
        &format!(
            "{recipient}webhooks = [\"chta\"]\n[[webhooks]]\nname = \"chat\"\nurl = \"http://a\"\nsecret_file = \"s\"\n"
        ),
        &[
            "cordon.toml:4: `recipients[a].webhooks` names a webhook that is not there (did you mean `chat`?): expected names of `[[webhooks]]`",
            "cordon.toml:7: `webhooks[chat].url` goes over the network in clear: expected `https://`",
        ],
    );
    check_refused(
        &format!("{recipient}mail = [\"a@b.example\"]\n"),
        &["cordon.toml:4: `recipients[a].mail` cannot be reached: expected `smtp.host` to be set"],
    );
    check_refused(
        "[[classes]]\nclass = \"health\"\nshare_percent = 70\n[[classes]]\nclass = \"system\"\nshare_percent = 40\n",
        &[
            "cordon.toml:6: `classes[system].share_percent` makes 110 percent together with the others: expected at most 100",
        ],
    );
}

#[test]
fn a_provider_of_sign_in_is_set_up_whole_or_refused_with_what_is_missing() {
    let whole = "[oidc]\nissuer = \"https://id.example\"\nclient_id = \"cordon\"\n";
    let role = "[[oidc_roles]]\nvalue = \"g\"\nroles = [\"analyst\"]\nsites = [\"north\"]\n";
    let config = load(&format!("{whole}{role}")).unwrap();
    let roles = vec![OidcRole {
        value: "g".to_owned(),
        roles: vec![cordon_policy::Role::Analyst],
        sites: vec!["north".to_owned()],
    }];
    assert_eq!(config.oidc.map(|oidc| (oidc.client_id, oidc.roles)), Some(("cordon".to_owned(), roles)));
    assert_eq!(load("").unwrap().oidc, None);
    check_refused(
        role,
        &["cordon.toml:2: `oidc_roles[g].value` stands alone: expected `oidc.issuer` to name the provider"],
    );
    check_refused(
        "[oidc]\nclient_secret_file = \"/s\"\n",
        &["cordon.toml:2: `oidc.client_secret_file` stands alone: expected `oidc.issuer` to name the provider"],
    );
    check_refused(
        "[oidc]\nissuer = \"http://id.example?x\"\nscopes = [\"email\"]\nalgorithms = []\n[api]\naddress = \"0.0.0.0:9\"\n",
        &[
            "cordon.toml:2: `oidc.issuer` goes over the network in clear: expected `https://`",
            "cordon.toml:2: `oidc.issuer` has a `?` or `#`: expected the address that the provider calls itself",
            "default: `api.public_url` is missing: expected an address, because `oidc.issuer` is set and its provider sends browsers back there",
            "default: `oidc.client_id` is missing: expected text, because `oidc.issuer` is set",
            "cordon.toml:3: `oidc.scopes` lacks `openid`: without it no provider says who somebody is",
            "cordon.toml:4: `oidc.algorithms` is empty: expected at least one",
            "cordon.toml:2: `oidc.issuer` lets nobody in: expected at least one `[[oidc_roles]]`",
        ],
    );
    let administrator = "[[oidc_roles]]\nvalue = \"it\"\nroles = [\"administrator\"]\n";
    check_refused(
        &format!("{whole}{administrator}"),
        &["cordon.toml:6: `oidc_roles[it].roles` gives `administrator`, who needs a second factor: \
            expected `oidc.administrator_acr` or `oidc.administrator_amr` to say how it shows"],
    );
    assert!(load(&format!("{whole}administrator_amr = [\"mfa\"]\n{administrator}")).is_ok());
    check_refused(
        &format!("{whole}algorithms = [\"HS256\"]\n{role}"),
        &[
            "cordon.toml:4: `oidc.algorithms` has a value that does not fit: expected a list, each one of `RS256`, `PS256`, `ES256`, `EdDSA`",
        ],
    );
    check_refused(
        &format!("{whole}{role}{role}"),
        &["cordon.toml:5: `oidc_roles[g].value` stands twice: expected another name"],
    );
}

#[test]
fn the_link_of_a_node_names_the_port_that_was_bound_unless_the_settings_say_how_it_is_reached() {
    let bound = "127.0.0.1:40123".parse().unwrap();
    let url = |text: &str| load(text).unwrap().api.url_at(bound);
    assert_eq!(url("[api]\naddress = \"127.0.0.1:0\"\n"), "http://127.0.0.1:40123");
    assert_eq!(
        url("[api]\naddress = \"127.0.0.1:0\"\npublic_url = \"https://cordon.example/\"\n"),
        "https://cordon.example"
    );
}

#[test]
fn a_reload_takes_what_can_change_and_names_what_waits() {
    let before =
        load("site = \"a\"\n[tell]\nwindow = \"1h\"\n[[siem]]\nname = \"s\"\nkind = \"cef_tcp\"\npeer = \"a:1\"\n")
            .unwrap();
    let after = load("site = \"b\"\n[tell]\nwindow = \"60m\"\ngather = \"5s\"\n").unwrap();
    let changes = diff(&before, &after);
    let said = |list: &[Changed]| -> Vec<String> {
        list.iter().map(|one| format!("{}: {} -> {}", one.key, one.from, one.to)).collect()
    };
    assert_eq!(said(&changes.restart), ["site: \"a\" -> \"b\""]);
    let expect = [
        "siem[s].kind: \"cef_tcp\" -> ",
        "siem[s].level_min: \"informational\" -> ",
        "siem[s].name: \"s\" -> ",
        "siem[s].peer: \"a:1\" -> ",
        "siem[s].token_file: \"\" -> ",
        "siem[s].url: \"\" -> ",
        "tell.gather: \"30s\" -> \"5s\"",
    ];
    assert_eq!(said(&changes.reload), expect);
    assert!(diff(&after, &after).is_empty());
}

#[test]
fn what_a_reload_takes_over_leaves_nothing_to_reload_and_everything_that_waits_as_it_was() {
    let before = load("[[sources]]\nid = \"a\"\nlistener = \"http\"\nsender = \"a\"\n").unwrap();
    // every setting of the example at another value, and a source
    let other = "site = \"b\"\ntime_zone = \"Europe/Berlin\"\nevent_clock = \"2026-10-12T18:00:00Z,60\"\ndata_dir = \"/d\"\n\
        [log]\nlevel = \"debug\"\nform = \"json\"\n[api]\naddress = \"127.0.0.1:1\"\n[admin]\nlink_file = \"/l\"\n\
        [tls]\nclient_ca = \"/ca\"\nnames = [\"n\"]\n[access]\npolicies = \"/p\"\nstaff_pseudonyms = true\nofficers_see_names = true\n[intake]\nhttp = []\n[store]\nflush_bytes = \"1MiB\"\n\
        [keys]\nfile = \"/k\"\n[query]\nat_once_max = 9\n[tell]\ngather = \"5s\"\n[retention]\ndays_max = 3\n[rules]\nprofile = \"\"\n\
        [[sources]]\nid = \"a\"\nlistener = \"http\"\nsender = \"b\"\n";
    let wanted = load(other).unwrap();
    let taken = taken_over(&before, &wanted);
    assert!(diff(&taken, &wanted).reload.is_empty());
    assert!(diff(&before, &taken).restart.is_empty());
    let waits: Vec<String> = diff(&taken, &wanted).restart.into_iter().map(|one| one.key).collect();
    let expect = [
        "admin.link_file",
        "api.address",
        "data_dir",
        "event_clock",
        "intake.http",
        "keys.file",
        "log.form",
        "site",
        "store.flush_bytes",
        "time_zone",
        "tls.names",
    ];
    assert_eq!(waits, expect);
    // the fields say what the values say: once what waits is put back, only what was taken over differs
    let waiting = Config {
        values: Vec::new(),
        log: LogSettings { level: before.log.level.clone(), ..taken.log.clone() },
        tls: Tls { client_ca: None, ..taken.tls.clone() },
        access: before.access.clone(),
        sources: before.sources.clone(),
        query: before.query.clone(),
        tell: before.tell.clone(),
        retention: before.retention.clone(),
        rules: before.rules.clone(),
        ..taken.clone()
    };
    assert_eq!(format!("{waiting:?}"), format!("{:?}", Config { values: Vec::new(), ..before.clone() }));
    assert_eq!(*taken.sources[0].site, *"main");
    assert_eq!((taken.log.level.as_str(), taken.query.at_once_max, taken.retention.days_max), ("debug", 9, 3));
}

#[test]
fn every_default_and_every_example_fits_its_setting() {
    let mut misprinted = Vec::new();
    for section in CATALOGUE {
        let mut names = BTreeSet::new();
        for setting in section.settings {
            let key = section.key(setting);
            let stated = read::stated(setting).unwrap_or_else(|| panic!("{key}: the default does not fit"));
            if setting.default != stated.to_string() {
                misprinted.push(format!("{key}: {} prints as {stated}", setting.default));
            }
            assert!(names.insert(setting.name), "{key} stands twice");
            assert!(!setting.needed || section.repeats, "{key}: only tables that repeat may need a setting");
            assert!(setting.doc.ends_with('.'), "{key}: words end with a full stop");
        }
    }
    assert_eq!(misprinted, Vec::<String>::new());
}

#[test]
fn every_setting_is_read_into_a_field() {
    let reader = include_str!("read.rs");
    for section in CATALOGUE {
        assert!(
            section.name.is_empty()
                || reader.contains(&format!("(\"{}\")", section.name))
                || reader.contains(&format!("(\"{}\",", section.name)),
            "[{}] is not read",
            section.name
        );
        for setting in section.settings {
            assert!(reader.contains(&format!("(\"{}\")", setting.name)), "{} is not read", section.key(setting));
        }
    }
}

#[test]
fn the_example_says_the_defaults_and_loads_with_every_line_uncommented() {
    let given = example();
    let defaults = Config::load(&Layers::default()).unwrap();
    assert!(diff(&defaults, &load(&given).unwrap()).is_empty());
    let tables = CATALOGUE.iter().filter(|section| !section.repeats);
    let names: Vec<&str> = tables.flat_map(|section| section.settings).map(|setting| setting.name).collect();
    let uncommented: Vec<&str> = given
        .lines()
        .take_while(|line| !line.starts_with("#[[siem"))
        .map(|line| {
            let bare = line.trim_start_matches('#');
            let key = bare.split(" = ").next().unwrap_or_default();
            let is_setting = line.starts_with('#') && bare.contains(" = ") && !key.contains(' ');
            if is_setting || line.starts_with("#[[") { bare } else { line }
        })
        .collect();
    assert!(uncommented.iter().filter(|line| !line.starts_with('#')).count() > names.len());
    let faults = load(&uncommented.join("\n")).unwrap_err().to_string();
    // The examples of recipients name no way to tell anybody, and that of a group of a provider stands without the provider; everything else fits.
    assert_eq!(faults.lines().count(), 2, "{faults}");
    assert!(
        faults.contains("recipients[it-on-call].mail") && faults.contains("oidc_roles[cordon-analysts].value"),
        "{faults}"
    );
}

#[test]
fn the_page_and_the_packaged_file_are_those_of_the_catalogue() {
    for (path, expect) in [("docs/configuration.md", reference()), ("packaging/cordon.toml", example())] {
        let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        if std::env::var_os("CORDON_RENEW_DOCS").is_some() {
            std::fs::write(&full, &expect).unwrap();
        }
        let there = std::fs::read_to_string(&full).unwrap_or_default();
        assert!(
            there == expect,
            "{path} is out of date: CORDON_RENEW_DOCS=1 cargo nextest run -p cordon-node the_page_and"
        );
    }
}

#[test]
fn hours_and_windows_run_over_midnight() {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let at = |text: &str| cordon_model::Time::from_rfc3339(text).unwrap();
    let night = Hours { from: 22 * 60, to: 6 * 60 };
    assert!(night.hold_at(at("2026-11-22T21:00:00Z"), &zone));
    assert!(night.hold_at(at("2026-11-22T04:59:59Z"), &zone));
    assert!(!night.hold_at(at("2026-11-22T05:00:00Z"), &zone));
    // 22 November 2026 is a Sunday.
    let weekly = Window::Weekly { day: Weekday(6), hours: night };
    assert!(weekly.holds(at("2026-11-22T22:30:00Z"), &zone));
    assert!(weekly.holds(at("2026-11-23T04:00:00Z"), &zone));
    assert!(!weekly.holds(at("2026-11-22T04:00:00Z"), &zone));
    let once = Window::Once { from: at("2026-11-22T02:00:00Z"), to: at("2026-11-22T04:00:00Z") };
    assert!(once.holds(at("2026-11-22T02:00:00Z"), &zone));
    assert!(!once.holds(at("2026-11-22T04:00:00Z"), &zone));
}
