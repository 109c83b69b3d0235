//! The made company as a catalogue: people who report to one another, systems with owners, bundles, and the groups through which the
//! portal's own directory gives access. The same seed makes up the same company.

use super::BenchData;
use rand::{
    RngExt,
    rngs::StdRng,
    seq::{IndexedRandom, index},
};

const FIRST: [&str; 40] = [
    "Aino", "Bram", "Carla", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jakob", "Katya", "Leon", "Mina",
    "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Sami", "Tilda", "Umar", "Vera", "Wim", "Xenia", "Yusuf", "Zofia",
    "Anton", "Britta", "Cem", "Dina", "Emil", "Fiona", "Goran", "Hilde", "Ivan", "Joana", "Karl", "Lucia", "Marek",
    "Nora",
];
const LAST: [&str; 50] = [
    "Aalto", "Berg", "Costa", "Dahl", "Eriksen", "Ferrari", "Gruber", "Haas", "Ibsen", "Jansen", "Keller", "Lind",
    "Moreau", "Novak", "Olsen", "Pereira", "Quist", "Rossi", "Silva", "Toth", "Ude", "Vidal", "Weber", "Xavier",
    "Young", "Zeman", "Adler", "Brandt", "Conti", "Duarte", "Engel", "Falk", "Greco", "Holm", "Iversen", "Jovic",
    "Kowal", "Lopes", "Maier", "Nagy", "Ortiz", "Petrov", "Reis", "Sato", "Thorsen", "Urban", "Vogel", "Winter",
    "Ylinen", "Zuber",
];
/// Departments by key and name.
const DEPARTMENTS: [(&str, &str); 12] = [
    ("engineering", "Engineering"),
    ("platform", "Platform"),
    ("data", "Data"),
    ("product", "Product"),
    ("finance", "Finance"),
    ("legal", "Legal"),
    ("people-team", "People"),
    ("care", "Customer Care"),
    ("sales", "Sales"),
    ("marketing", "Marketing"),
    ("warehouse", "Warehouse"),
    ("procurement", "Procurement"),
];
const NOUNS: [&str; 25] = [
    "Orders",
    "Billing",
    "Catalogue",
    "Returns",
    "Pricing",
    "Payments",
    "Shipping",
    "Stock",
    "Invoices",
    "Payroll",
    "Hiring",
    "Travel",
    "Contracts",
    "Campaigns",
    "Loyalty",
    "Search",
    "Fraud",
    "Tax",
    "Ledger",
    "Routing",
    "Reviews",
    "Vouchers",
    "Forecast",
    "Quality",
    "Identity",
];
const KINDS: [&str; 6] = ["database", "console", "reports", "cluster", "archive", "gateway"];
/// What a right lets one do: the word for it, and a sentence that goes on with what.
const VERBS: [(&str, &str); 8] = [
    ("read", "Look at"),
    ("change", "Correct and add to"),
    ("approve", "Sign off"),
    ("export", "Take copies of"),
    ("report", "Write reports on"),
    ("operate", "Run and restart what works on"),
    ("configure", "Set how one works with"),
    ("review", "Look back at"),
];
const AREAS: [&str; 20] = [
    "accounts",
    "suppliers",
    "customers",
    "stores",
    "refunds",
    "discounts",
    "deliveries",
    "budgets",
    "drafts",
    "schedules",
    "alerts",
    "limits",
    "models",
    "templates",
    "regions",
    "partners",
    "audits",
    "tests",
    "queues",
    "metrics",
];
/// How long a bundle can be had at most, and what its form offers.
const SPANS: [(&str, &str); 4] = [("8h", "4h"), ("2d", "1d"), ("14d", "7d"), ("30d", "14d")];
/// How many people report to one lead.
const TEAM: usize = 10;
/// For so many people there is one system.
const PEOPLE_A_SYSTEM: usize = 40;
/// The group that decides when nobody else may.
const FALLBACK: &str = "security-desk";
/// The group that decides beside the owners of some bundles.
const STEWARDS: &str = "data-stewards";
/// The group that everybody is in.
const STAFF: &str = "staff";
/// The first of those who have a duty; before them stand the heads.
const DUTIES: usize = 1 + DEPARTMENTS.len();
/// How many decide in each of the groups that decide.
const DESK: usize = 6;

/// The fewest people of whom such a company can be made: the heads, two admins, an auditor, two desks and who works for them.
pub(super) const FEWEST: usize = 40;

/// One right, on which system it stands.
struct Right {
    system: usize,
    key: String,
    name: String,
    group: String,
    privileged: bool,
}

/// One bundle as text, with the rights that it is made of.
struct Bundle {
    text: String,
    rights: Vec<Right>,
}

/// The company's catalogue, as files by name.
pub(super) fn catalogue(wanted: &BenchData, chance: &mut StdRng) -> Vec<(String, String)> {
    let systems = (wanted.people / PEOPLE_A_SYSTEM).clamp(4, NOUNS.len() * KINDS.len());
    let bundles: Vec<_> = (0..wanted.bundles).map(|nth| bundle(nth, systems, chance)).collect();
    let rights: Vec<_> = bundles.iter().flat_map(|it| &it.rights).collect();
    let people = (0..wanted.people).map(person).collect::<Vec<_>>().concat();
    let groups = [groups(wanted.people), rights.iter().map(|it| right_group(it)).collect()].concat().concat();
    let systems = (0..systems).map(|nth| system(nth, wanted.people, &rights, chance)).collect::<Vec<_>>().concat();
    let bundles = bundles.into_iter().map(|it| it.text).collect::<Vec<_>>().concat();
    [("bundles.toml", bundles), ("groups.toml", groups), ("people.toml", people), ("systems.toml", systems)]
        .map(|(name, text)| (name.to_owned(), text))
        .into()
}

/// How somebody is called; so many people have names of their own, then the names come again.
fn name(nth: usize) -> (&'static str, &'static str) {
    let round = nth / FIRST.len();
    (FIRST[nth % FIRST.len()], LAST[(nth + round) % LAST.len()])
}

fn person_key(nth: usize) -> String {
    let (first, last) = name(nth);
    let key = format!("{first}.{last}").to_lowercase();
    match nth / (FIRST.len() * LAST.len()) {
        0 => key,
        again => format!("{key}.{}", again + 1),
    }
}

/// Where somebody stands in their department: its head is the first.
fn place(nth: usize) -> Option<(usize, usize)> {
    let among = nth.checked_sub(1)?;
    Some((among % DEPARTMENTS.len(), among / DEPARTMENTS.len()))
}

fn stands_at(department: usize, place: usize) -> usize {
    1 + department + DEPARTMENTS.len() * place
}

/// The first person is the head of all, and has no part in what others ask for.
fn person(nth: usize) -> String {
    let (first, last) = name(nth);
    let key = person_key(nth);
    let (title, department, manager) = match place(nth) {
        None => ("Chief executive".to_owned(), "Leadership", None),
        Some((of, 0)) => (format!("Head of {}", DEPARTMENTS[of].1), DEPARTMENTS[of].1, Some(0)),
        Some((of, at)) if at % TEAM == 1 => ("Team lead".to_owned(), DEPARTMENTS[of].1, Some(stands_at(of, 0))),
        Some((of, at)) => ("Associate".to_owned(), DEPARTMENTS[of].1, Some(stands_at(of, at - (at - 1) % TEAM))),
    };
    let manager = manager.map(|nth| format!("manager = {:?}\n", person_key(nth))).unwrap_or_default();
    let roles = match nth.checked_sub(DUTIES) {
        Some(0 | 1) => "roles = [\"admin\"]\n",
        Some(2) => "roles = [\"auditor\"]\n",
        Some(_) | None => "",
    };
    format!(
        "[[person]]\nkey = {key:?}\nname = \"{first} {last}\"\nemail = \"{key}@tallship.example\"\ntitle = {title:?}\n\
         department = {department:?}\n{manager}{roles}\n"
    )
}

/// The groups that decide or may ask.
fn groups(people: usize) -> Vec<String> {
    let desk = |nth: usize| (0..DESK).map(|it| person_key(DUTIES + 3 + nth * DESK + it)).collect::<Vec<_>>();
    let departments = DEPARTMENTS.iter().enumerate().map(|(of, (key, name))| {
        let members: Vec<_> =
            (0..people).map(|at| stands_at(of, at)).take_while(|nth| *nth < people).map(person_key).collect();
        group(key, name, "Everybody who works there", &members, &[])
    });
    let all: Vec<_> = DEPARTMENTS.iter().map(|(key, _)| (*key).to_owned()).collect();
    departments
        .chain([
            group(STAFF, "Staff", "Everybody who works for the company", &[], &all),
            group(FALLBACK, "Security desk", "Who decides when nobody else may", &desk(0), &[]),
            group(STEWARDS, "Data stewards", "Who answers for how data is used", &desk(1), &[]),
        ])
        .collect()
}

fn group(key: &str, name: &str, says: &str, members: &[String], groups: &[String]) -> String {
    format!(
        "[[group]]\nkey = {key:?}\nname = {name:?}\nsays = {says:?}\nmembers = {}\ngroups = {}\n\n",
        list(members),
        list(groups)
    )
}

/// The group through which the directory gives a right; nothing else uses it, else the right were a privilege.
fn right_group(right: &Right) -> String {
    group(&right.group, &right.name, "Who has this right now", &[], &[])
}

fn system_name(nth: usize) -> String {
    format!("{} {}", NOUNS[nth % NOUNS.len()], KINDS[nth / NOUNS.len() % KINDS.len()])
}

fn system_key(nth: usize) -> String {
    system_name(nth).to_lowercase().replace(' ', "-")
}

fn is_low(system: usize) -> bool {
    system % 3 == 2
}

fn system(nth: usize, people: usize, rights: &[&Right], chance: &mut StdRng) -> String {
    let (key, name) = (system_key(nth), system_name(nth));
    let (environment, sensitivity, class) = match nth % 3 {
        0 => ("production", "high", "confidential"),
        1 => ("production", "medium", "internal"),
        _ => ("staging", "low", "internal"),
    };
    let owners: Vec<_> = index::sample(chance, people - 1, 3).into_iter().map(|it| person_key(it + 1)).collect();
    let rights = rights.iter().filter(|it| it.system == nth).map(|it| {
        format!(
            "\n  [[system.entitlement]]\n  key = {:?}\n  name = {:?}\n  says = \"One right of it\"\n  native = {:?}\n  \
             privileged = {}\n",
            it.key, it.name, it.group, it.privileged
        )
    });
    format!(
        "[[system]]\nkey = {key:?}\nname = {name:?}\nsays = \"One of the company's systems\"\nenvironment = {environment:?}\n\
         sensitivity = {sensitivity:?}\ndata_class = {class:?}\nowners = {}\nbackup_owners = {}\nfallback = {FALLBACK:?}\n\
         connector = \"directory\"\n{}\n",
        list(&owners[..2]),
        list(&owners[2..]),
        rights.collect::<Vec<_>>().concat()
    )
}

fn bundle(nth: usize, systems: usize, chance: &mut StdRng) -> Bundle {
    let (system, round) = (nth % systems, nth / systems);
    let (verb, does) = VERBS[round % VERBS.len()];
    let area = AREAS[round / VERBS.len() % AREAS.len()];
    let again = match round / (VERBS.len() * AREAS.len()) {
        0 => String::new(),
        again => format!("-{}", again + 1),
    };
    let key = format!("{}-{verb}-{area}{again}", system_key(system));
    let name = format!("{}, {verb} {area}{again}", system_name(system));
    let shape = chance.random_range(0..100);
    let automatic = is_low(system) && shape < 60;
    let privileged = !is_low(system) && shape >= 95;
    let right = format!("{verb}-{area}{again}");
    let mut rights = vec![Right { system, key: right, name: name.clone(), group: key.clone(), privileged }];
    // Some give two rights, a few of them on two systems.
    if nth % 4 == 3 {
        let system = if nth % 8 == 7 { (system + 1) % systems } else { system };
        let (right, name) = (format!("with-{key}"), format!("{name}, and more"));
        rights.push(Right { system, key: right.clone(), name, group: right, privileged: false });
    }
    let named: Vec<_> = rights.iter().map(|it| format!("{}/{}", system_key(it.system), it.key)).collect();
    let (longest, default) = SPANS.choose(chance).copied().unwrap_or(SPANS[0]);
    let askers = if chance.random_ratio(1, 2) {
        vec![STAFF.to_owned()]
    } else {
        let two = index::sample(chance, DEPARTMENTS.len(), 2).into_iter();
        two.map(|of| DEPARTMENTS[of].0.to_owned()).collect()
    };
    let text = format!(
        "[[bundle]]\nkey = {key:?}\nname = {name:?}\nsays = \"{does} {area} in {}\"\ntags = [{verb:?}, {area:?}]\n\
         entitlements = {}\nlongest = {longest:?}\ndefault = {default:?}\nwaits = \"7d\"\n\
         askers = {{ groups = {}, kinds = [\"person\"] }}\njustification = {{ at_least = 20, hint = \"say what it is for\" }}\n\
         automatic = {automatic}\n{}\n",
        system_name(system),
        list(&named),
        list(&askers),
        stages(automatic, shape)
    );
    Bundle { text, rights }
}

/// Who decides: mostly an owner, sometimes after a manager or before two stewards.
fn stages(automatic: bool, shape: u32) -> String {
    let owner = stage("Owner", 1, "owners = true");
    match (automatic, shape) {
        (true, _) => String::new(),
        (false, 60..80) => stage("Manager", 1, "manager = true") + &owner,
        (false, 80..90) => owner + &stage("Data stewards", 2, &format!("group = {STEWARDS:?}")),
        (false, _) => owner,
    }
}

fn stage(name: &str, need: u8, from: &str) -> String {
    format!("\n  [[bundle.stage]]\n  name = {name:?}\n  need = {need}\n  from = {{ {from} }}\n")
}

/// A list of texts; none of them needs more than its quotes.
fn list(of: &[String]) -> String {
    format!("{of:?}")
}
