//! What can be wrong in a catalogue, and the sentence that tells it.

use super::{keys, told};
use operations::catalogue::{File, read};
use std::path::Path;

/// Files that are wrong on purpose.
fn wrong<const N: usize>(names: [&str; N]) -> [File; N] {
    names.map(|name| {
        let name = format!("{name}.toml");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalogue/wrong").join(&name);
        File { text: std::fs::read_to_string(path).expect("a text"), name }
    })
}

fn mistakes<const N: usize>(names: [&str; N]) -> String {
    told(read(&wrong(names)))
}

#[test]
fn tells_every_mistake_of_people_and_services() {
    insta::assert_snapshot!(mistakes(["people", "services", "directory"]), @r#"
        people.toml:3: `Maya` is not a key: start with a letter, then letters a–z, digits, `.`, `-` or `_`, at most 80 in all
        people.toml:4: a person has no `nam`: did you mean `name`?
        people.toml:5: `maya at tidewater` is no email address: write for instance `email = "maya.lindqvist@tidewater.example"`
        people.toml:6: `department` wants a text in quotes, like `department = "Engineering"`; this is a number
        people.toml:7: a person has no `manger`: did you mean `manager`?
        people.toml:8: `amdin` is no role: did you mean `admin`?
        people.toml:8: `roles` names `auditor` twice; keep one of them
        people.toml:9: a person has no `owners`: that is said of a service
        people.toml:13: `name` is empty: write for instance `name = "Maya Lindqvist"`
        people.toml:16: `eva.holm` reports to `jonas.berg`, which reports to `eva.holm`: somebody must be the head
        people.toml:17: `Payments` is not a key: start with a letter, then letters a–z, digits, `.`, `-` or `_`, at most 80 in all
        people.toml:17: `tidewater-directory` is held by the directory, where `jonas.berg` needs no account: leave it out
        people.toml:21: `name` holds a control character (U+0000) at position 4; remove it
        people.toml:25: `left` wants true or false, without quotes, like `left = true`; this is a text
        people.toml:26: put a name that holds a dot in quotes, like `accounts = { "a.b" = "c" }`
        people.toml:26: the account `jonas_b` on `orders-db` is already that of `jonas.berg` at people.toml:17; an account has one holder
        people.toml:33: `alone` cannot be their own manager: name another, or none for the head
        services.toml:2: `eva.holm` is already the key of a person at people.toml:19; name one of them otherwise
        services.toml:5: `person` is no kind of service: write `service-account`, `pipeline`, `agent` or `vendor`
        services.toml:7: `owners` is empty: name at least one accountable person
        services.toml:8: a service has no `manager`: that is said of a person
        services.toml:10: a service needs `purpose`: write for instance `purpose = "Sends the nightly invoices"`
        services.toml:13: `pipline` is no kind of service: did you mean `pipeline`?
        services.toml:14: `owners` wants a list, like `owners = ["maya.lindqvist"]`; this is a text
        services.toml:21: `svc.stock` is a service (`service-account`): an owner is a person
        services.toml:22: a service has no `colour`; it has `key`, `name`, `kind`, `purpose`, `owners`, `accounts` and `left`
        services.toml:25: `accounts` wants a text in quotes, like `accounts = { orders-db = "maya_l" }`; this is a number
    "#);
}

#[test]
fn tells_every_mistake_of_groups_and_systems() {
    insta::assert_snapshot!(mistakes(["groups", "systems", "agent"]), @r#"
        groups.toml:13: `members` names `eva.holm` twice; keep one of them
        groups.toml:13: `members` wants a key in quotes, like `members = ["maya.lindqvist"]`; this is a number
        groups.toml:16: a group needs `says`: write for instance `says = "Everyone who builds the product"`
        groups.toml:16: a group needs `members`: write for instance `members = ["maya.lindqvist"]`
        groups.toml:19: `a` holds `b`, which holds `c`, which holds `a`: a group cannot be within itself
        groups.toml:25: `members` wants a list, like `members = ["maya.lindqvist"]`; this is a text
        groups.toml:26: the group `d` holds itself: leave it out
        groups.toml:28: `a` is already the key of a group at groups.toml:2; name one of them otherwise
        groups.toml:34: there is no table `grup`: did you mean [[group]]?
        groups.toml:37: a group has no `of`; it has `key`, `name`, `says`, `members` and `groups`
        systems.toml:2: `name` stands in no table: put it below [[person]], [[service]], [[group]], [[system]] or [[bundle]]
        systems.toml:4: an entitlement stands below its system: write [[system.entitlement]]
        systems.toml:9: `name` may have at most 120 characters; this has 121
        systems.toml:11: `prodution` is no environment: did you mean `production`?
        systems.toml:12: `severe` is no sensitivity: write `low`, `medium` or `high`
        systems.toml:13: `confidental` is no data class: did you mean `confidential`?
        systems.toml:14: `external` wants true or false, without quotes, like `external = true`; this is a number
        systems.toml:15: `owners` is empty: name at least one person
        systems.toml:16: `Security!` is not a key: start with a letter, then letters a–z, digits, `.`, `-` or `_`, at most 80 in all
        systems.toml:17: `postgress` is no connector: did you mean `postgres`?
        systems.toml:20: the connector `postgres` needs the setting `secret`, the name of the secret that holds the database's URL: write `settings = { secret = "…" }`
        systems.toml:23: `says` may have at most 300 characters; this has 301
        systems.toml:27: `svc.invoices` is a service (`agent`): an owner is a person
        systems.toml:37: the entitlement `read` is already given at systems.toml:31; name one of them otherwise
        systems.toml:43: `native` is `payments_read`, which is already the entitlement `read` at systems.toml:31
        systems.toml:48: `privileged` wants true or false, without quotes, like `privileged = true`; this is a text
        systems.toml:50: an entitlement needs `says`: write for instance `says = "Select on every table in the schema orders"`
        systems.toml:50: an entitlement needs `native`: write for instance `native = "orders_read"`
        systems.toml:51: `1st` is not a key: start with a letter, then letters a–z, digits, `.`, `-` or `_`, at most 80 in all
        systems.toml:64: `secret` holds the name of a secret, never the secret itself: write letters a–z, digits, `-` or `_`
        systems.toml:64: the connector `postgres` has no setting `secrt`: did you mean `secret`?
        systems.toml:64: the connector `postgres` has no setting `url`; it has `secret`
        systems.toml:76: the connector `manual` has no setting `secret`: it needs none
        systems.toml:88: `settings` wants a table in braces, like `settings = { secret = "orders-db" }`; this is a text
        systems.toml:94: `On call` is not the key of a group, which is what `native` holds in the directory
    "#);
}

#[test]
fn tells_every_mistake_of_bundles() {
    insta::assert_snapshot!(mistakes(["bundles"]), @r#"
        bundles.toml:6: `tags` names `orders` twice; keep one of them
        bundles.toml:6: `tags` may have at most 40 characters; this has 52
        bundles.toml:7: `orders-db` is no entitlement: write the system's key, `/` and its own, like `orders-db/read`
        bundles.toml:7: `entitlements` names `orders-db/read` twice; keep one of them
        bundles.toml:9: `default` is 8 hours, longer than `longest`, 4 hours
        bundles.toml:10: `non_human_longest` is 5 hours, longer than `longest`, 4 hours
        bundles.toml:11: `0h` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days
        bundles.toml:12: `people` is no kind of identity: write `person`, `service-account`, `pipeline`, `agent` or `vendor`
        bundles.toml:12: `pipelin` is no kind of identity: did you mean `pipeline`?
        bundles.toml:12: `askers` has no `team`; it has `groups` and `kinds`
        bundles.toml:13: `at_least` must be from 1 to 2000; this is 0
        bundles.toml:13: `(` is not a regular expression: found open group without closing ')'
        bundles.toml:13: `hint` holds a control character (U+0009) at position 4; remove it
        bundles.toml:14: `work_item` has no `patern`: did you mean `pattern`?
        bundles.toml:15: `monday` is no day: write `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`
        bundles.toml:15: `days` names `tue` twice; keep one of them
        bundles.toml:15: `7:00` is no time of the day: write hours and minutes, from 00:00 to 23:59
        bundles.toml:15: `24:00` is no time of the day: write hours and minutes, from 00:00 to 23:59
        bundles.toml:15: `Europe/Stokholm` is no time zone: did you mean `Europe/Stockholm`?
        bundles.toml:16: `test` is no environment: write `development`, `staging` or `production`
        bundles.toml:17: `hihg` is no sensitivity: did you mean `high`?
        bundles.toml:18: `orders-read` cannot be incompatible with itself; name other bundles
        bundles.toml:19: `automatic` wants true or false, without quotes, like `automatic = true`; this is a text
        bundles.toml:23: `need` must be from 1 to 255; this is 0
        bundles.toml:24: `from` names `owners`, `manager`: keep one, and make a stage of each other
        bundles.toml:28: `need` must be from 1 to 255; this is 1000000000
        bundles.toml:29: `from` names nobody: write one of `owners = true`, `group`, `people` or `manager = true`
        bundles.toml:31: `need` is 3, and `people` names 2: name more people or need fewer
        bundles.toml:36: a stage needs `name`: write for instance `name = "Owner"`
        bundles.toml:38: `owners` may only be true: leave it out otherwise
        bundles.toml:42: `need` must be from 1 to 255; this is -1
        bundles.toml:43: `people` is empty: name at least one person
        bundles.toml:48: `from` has no `grup`: did you mean `group`?
        bundles.toml:50: nobody decides: add a [[bundle.stage]], or make it automatic
        bundles.toml:54: `entitlements` is empty: name at least one entitlement
        bundles.toml:55: `1000000000` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days
        bundles.toml:56: `-1h` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days
        bundles.toml:57: `waits` wants a length of time in quotes, like `waits = "3d"`; this is a number
        bundles.toml:58: anyone at all could ask: say which groups or kinds of identity may
        bundles.toml:59: `Middle Earth` is no time zone: write a continent and a city, like `Europe/Stockholm`
        bundles.toml:60: no environment is allowed: name at least one
        bundles.toml:61: `justification` needs `at_least`: write for instance `at_least = 20`
        bundles.toml:62: `justification` is already set at line 61; keep one of them
        bundles.toml:64: a bundle needs `askers`: write for instance `askers = { groups = ["engineering"], kinds = ["person"] }`
        bundles.toml:71: `from` wants a time of the day in quotes, like `from = "07:00"`; this is a date or time
        bundles.toml:71: `hours` needs `zone`: write for instance `zone = "Europe/Stockholm"`
        bundles.toml:72: `justification` wants a table in braces, like `justification = { at_least = 20, hint = "say why" }`; this is a text
        bundles.toml:73: the pattern has 201 characters; at most 200 are allowed
        bundles.toml:73: `hint` may have at most 200 characters; this has 201
        bundles.toml:78: `from` wants a table in braces, like `from = { owners = true }`; this is a text
        bundles.toml:88: `moon` is no environment: write `development`, `staging` or `production`
        bundles.toml:89: write the fields of a stage below its header, [[bundle.stage]]
        bundles.toml:91: a stage stands below its bundle: write [[bundle.stage]]
    "#);
}

#[test]
fn goes_on_after_what_is_no_toml() {
    insta::assert_snapshot!(mistakes(["broken", "text", "once"]), @r#"
        broken.toml:4: not TOML at character 6: key with no value; write `=`
        broken.toml:8: not TOML at character 8: a text stands in quotes
        broken.toml:10: not TOML at character 6: a list is still open here; close it with `]`
        broken.toml:12: not TOML at character 8: unclosed array table; write `]]`
        broken.toml:15: a group needs `name`: write for instance `name = "Engineering"`
        broken.toml:15: a group needs `says`: write for instance `says = "Everyone who builds the product"`
        text.toml:4: not TOML at character 10: a backslash begins an escape; write it twice, or the text in single quotes
        text.toml:8: not TOML at character 21: the text has no end; close it with `"`
        once.toml:2: begin with [[group]], in double brackets: there can be more than one
        once.toml:5: begin with [[group]], in double brackets: there can be more than one
    "#);
}

#[test]
fn tells_who_is_unknown_and_where() {
    let catalogue = read(&wrong(["unknown"])).unwrap_or_else(|mistakes| panic!("{}", told::<()>(Err(mistakes))));
    let unknown = catalogue.unknown(&keys(&catalogue));
    insta::assert_snapshot!(told::<()>(Err(unknown)), @r#"
        unknown.toml:7: there is no person or service `nobody.there`: add it to the catalogue or name another
        unknown.toml:8: there is no system `orders`: add it to the catalogue or name another
        unknown.toml:16: there is no person or service `eva.hlm`: did you mean `eva.holm`?
        unknown.toml:18: there is no group `secruity`: did you mean `security`?
        unknown.toml:27: there is no person or service `ola.nord`: add it to the catalogue or name another
        unknown.toml:28: there is no group `finance`: add it to the catalogue or name another
        unknown.toml:29: there is no group `operators`: add it to the catalogue or name another
        unknown.toml:32: there is no group `on-call`: add it to the catalogue or name another
        unknown.toml:42: there is no entitlement `directory/on-cal`: did you mean `directory/on-call`?
        unknown.toml:42: there is no system `directry`: did you mean `directory`?
        unknown.toml:45: there is no group `everyone`: add it to the catalogue or name another
        unknown.toml:46: there is no bundle `on-cal`: did you mean `on-call`?
        unknown.toml:51: there is no group `securty`: did you mean `security`?
        unknown.toml:56: there is no person or service `eva`: add it to the catalogue or name another
    "#);
}
