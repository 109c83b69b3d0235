//! The catalogue as text: what it holds is read whole, what is wrong in it is told with file and line, and what is written reads back.

mod mistakes;
mod whatever;

use domain::{
    bundle::BundleSpec,
    condition::Condition,
    group::GroupSpec,
    identity::{IdentitySpec, Standing},
    ids::{BundleId, EntitlementId, SystemId},
    minutes::Minutes,
    resource::SystemSpec,
    text::Key,
};
use operations::catalogue::{Catalogue, Contents, File, Keys, Mistake, Place, bundle_text, read, read_bundle, write};
use std::path::Path;
use uuid::Uuid;

fn demo() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/catalogue");
    let mut files = std::fs::read_dir(folder)
        .expect("the demo's folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| File {
            name: path.file_name().expect("a name").to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).expect("a text"),
        })
        .collect::<Vec<_>>();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), text: text.to_owned() }
}

fn told<T>(read: Result<T, Vec<Mistake>>) -> String {
    let mistakes = read.err().expect("mistakes");
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn key(text: &str) -> Key {
    text.parse().expect("a key")
}

fn ids() -> impl FnMut() -> Uuid {
    let mut last = 0;
    move || {
        last += 1;
        Uuid::from_u128(last)
    }
}

fn keys(catalogue: &Catalogue) -> Keys {
    let mut keys = Keys::default();
    keys.allot(catalogue, ids());
    keys
}

/// Everything a catalogue says, in the domain's words.
#[derive(Debug)]
struct Specs {
    identities: Vec<(IdentitySpec, Standing)>,
    groups: Vec<GroupSpec>,
    systems: Vec<SystemSpec>,
    bundles: Vec<BundleSpec>,
}

impl Specs {
    fn of(catalogue: &Catalogue, keys: &Keys) -> Self {
        let gone = Standing::Left { at: chrono::DateTime::UNIX_EPOCH };
        Self {
            identities: (catalogue.people_and_services.values())
                .map(|s| (s.it.resolve(keys).expect("known"), if s.it.left { gone } else { Standing::Active }))
                .collect(),
            groups: catalogue.groups.values().map(|s| s.it.resolve(keys).expect("known")).collect(),
            systems: catalogue.systems.values().map(|s| s.it.resolve(keys).expect("known")).collect(),
            bundles: catalogue.bundles.values().map(|s| s.it.resolve(keys).expect("known")).collect(),
        }
    }

    fn contents(&self) -> Contents<'_> {
        Contents {
            identities: self.identities.iter().map(|(spec, standing)| (spec, *standing)).collect(),
            groups: self.groups.iter().collect(),
            systems: self.systems.iter().collect(),
            bundles: self.bundles.iter().collect(),
        }
    }
}

#[test]
fn reads_the_demo_without_a_mistake() {
    let catalogue = read(&demo()).unwrap_or_else(|mistakes| panic!("{}", told::<()>(Err(mistakes))));
    let people = catalogue.people_and_services.values().filter(|s| s.it.kind.is_person()).count();
    assert_eq!((people, catalogue.systems.len(), catalogue.bundles.len()), (43, 17, 30));
    let keys = keys(&catalogue);
    assert_eq!(catalogue.unknown(&keys), []);
    for bundle in Specs::of(&catalogue, &keys).bundles {
        assert_eq!(bundle.gaps(), Vec::<String>::new(), "{}", bundle.key);
    }
}

#[test]
fn knows_where_each_stanza_and_each_reference_stands() {
    let catalogue = read(&[file(
        "groups.toml",
        "\n[[group]]\nkey = \"a\"\nname = \"A\"\nsays = \"All\"\nmembers = [\n  \"one\",\n  \"two\",\n]\n",
    )])
    .expect("no mistakes");
    let group = &catalogue.groups[&key("a")];
    let place = |line| Place { file: "groups.toml".into(), line };
    assert_eq!(group.at, place(2));
    assert_eq!(group.it.members.iter().map(|m| m.at.clone()).collect::<Vec<_>>(), [place(7), place(8)]);
}

#[test]
fn fills_in_what_a_bundle_leaves_out() {
    let bundle = |longest: &str| {
        let text = format!(
            r#"
[[bundle]]
key = "all"
name = "All"
says = "Everything there is"
entitlements = ["orders-db/read"]
longest = "{longest}"
default = "1h"
automatic = true
incompatible = ["other"]
sensitivity_at_most = "high"
environments = ["production"]
hours = {{ days = ["tue", "mon"], from = "07:00", to = "19:00:30", zone = "Europe/Stockholm" }}
work_item = {{}}
justification = {{ at_least = 20 }}
askers = {{ kinds = ["person"] }}
"#
        );
        read_bundle(&text).unwrap_or_else(|mistakes| panic!("{}", told::<()>(Err(mistakes))))
    };
    let short = bundle("8h");
    assert_eq!((short.non_human_longest, short.waits), (Minutes::hours(8), Minutes::hours(7 * 24)));
    assert_eq!(bundle("30d").non_human_longest, Minutes::hours(24));

    let mut keys = Keys::default();
    keys.add_system(key("orders-db"), SystemId(Uuid::from_u128(1)));
    keys.add_entitlement(key("orders-db"), key("read"), EntitlementId(Uuid::from_u128(2)));
    keys.add_bundle(key("other"), BundleId(Uuid::from_u128(3)));
    let spec = short.resolve(&keys).expect("all known");
    let order = ["askers", "justification", "work-item", "hours", "environments", "sensitivity", "incompatible"];
    assert_eq!(spec.conditions.iter().map(Condition::rule).collect::<Vec<_>>(), order);
    assert_eq!(read_bundle(&bundle_text(&spec, &keys)).expect("no mistakes"), short);
}

#[test]
fn the_editor_holds_one_bundle_and_nothing_else() {
    insta::assert_snapshot!(told(read_bundle("")), @"line 1: there is no bundle here: begin with [[bundle]]");
    let bundle = "[[bundle]]\nkey = \"a\"\nname = \"A\"\nsays = \"All\"\nentitlements = [\"db/read\"]\nlongest = \"1h\"\ndefault = \"1h\"\naskers = { kinds = [\"person\"] }\nautomatic = true\n";
    assert!(read_bundle(bundle).is_ok());
    let group = "[[group]]\nkey = \"g\"\nname = \"G\"\nsays = \"All\"\nmembers = []\n";
    insta::assert_snapshot!(told(read_bundle(&format!("{bundle}{group}{}", bundle.replace("\"a\"", "\"b\"")))), @r#"
        line 10: only a [[bundle]] is written here; other things come by an import
        line 15: only one [[bundle]] is written here; this is another
    "#);
    insta::assert_snapshot!(told(read_bundle(&bundle.replace("1h\"\ndef", "8\"\ndef"))), @"line 6: `8` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days");
}

#[test]
fn the_demo_reads_back_as_it_was_written() {
    let catalogue = read(&demo()).expect("no mistakes");
    let keys = keys(&catalogue);
    let specs = Specs::of(&catalogue, &keys);
    let files = write(&specs.contents(), &keys);
    let again = read(&files).unwrap_or_else(|mistakes| panic!("{}", told::<()>(Err(mistakes))));
    assert_eq!(again, catalogue);
    assert_eq!(write(&Specs::of(&again, &keys).contents(), &keys), files);
    for spec in &specs.bundles {
        assert_eq!(read_bundle(&bundle_text(spec, &keys)).expect("no mistakes"), catalogue.bundles[&spec.key].it);
    }
}

#[test]
fn writes_a_bundle_as_people_do() {
    let catalogue = read(&demo()).expect("no mistakes");
    let keys = keys(&catalogue);
    let text = |bundle: &str| bundle_text(&catalogue.bundles[&key(bundle)].it.resolve(&keys).expect("known"), &keys);
    insta::assert_snapshot!(text("belt-support"), @r#"
        [[bundle]]
        key = "belt-support"
        name = "Sorting belts, remote support"
        says = "Let the belt supplier find and clear a fault"
        tags = ["maintenance", "supplier", "warehouse"]
        entitlements = ["warehouse-console/belt-diagnostics"]
        longest = "4h"
        default = "1h"
        non_human_longest = "2h"
        waits = "8h"
        askers = { groups = ["suppliers"], kinds = ["vendor"] }
        justification = { at_least = 20, hint = "name the belt and what it does or does not do" }
        work_item = { pattern = "^(INC|MNT)-[0-9]+$", hint = "an incident or maintenance number, like MNT-58" }
        environments = ["production"]
        sensitivity_at_most = "medium"

          [[bundle.stage]]
          name = "Warehouse systems"
          need = 1
          from = { people = ["aisha.warsame", "anton.lysenko"] }

          [[bundle.stage]]
          name = "Security"
          need = 1
          from = { group = "security" }
    "#);
    insta::assert_snapshot!(text("payroll-prepare"), @r#"
        [[bundle]]
        key = "payroll-prepare"
        name = "Payroll, prepare"
        says = "Enter the month's hours and corrections, with the contracts at hand"
        tags = ["contracts", "payroll", "salaries"]
        entitlements = ["hr/contracts", "payroll/prepare"]
        longest = "5d"
        default = "2d"
        askers = { groups = ["people-team"], kinds = ["person"] }
        justification = { at_least = 15, hint = "say which month and which office" }
        hours = { days = ["mon", "tue", "wed", "thu", "fri"], from = "08:00", to = "18:00", zone = "Europe/Lisbon" }
        incompatible = ["payroll-approve"]

          [[bundle.stage]]
          name = "Owner"
          need = 1
          from = { owners = true }
    "#);
}

#[test]
fn what_nobody_can_name_is_not_lost() {
    let catalogue = read(&demo()).expect("no mistakes");
    let spec = catalogue.bundles[&key("orders-read")].it.resolve(&keys(&catalogue)).expect("known");
    let told = told(read_bundle(&bundle_text(&spec, &Keys::default())));
    assert_eq!(told.lines().count(), spec.entitlements.len() + spec.groups().len(), "{told}");
}
