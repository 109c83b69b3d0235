//! What pages show is true, and goes on to its end: what is there and what is only being made, what conflicts, what fails, what waits.

use crate::{
    on_both,
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{Refusal, ids::StreamId, views::Asking};
use operations::{Clock, Error};
use std::collections::BTreeSet;

on_both! {
    what_is_only_being_made_is_not_counted_as_there
    what_must_not_be_in_the_same_hands_is_told_to_who_decides
    the_inbox_begins_with_what_weighs_more_and_both_lists_go_on_to_their_end
    tasks_and_holders_go_on_to_their_end
    the_story_of_a_request_is_read_forwards_and_searched_backwards_to_its_end
    what_waits_says_how_long_an_answer_takes_or_for_which_hours_it_waits
    who_owns_a_system_sees_what_fails_there_and_when_it_is_tried_again
    whether_a_target_answers_is_told_to_its_owners_and_to_admins
    what_ends_soon_and_what_could_be_asked_for_are_told_apart
    who_answers_for_others_sees_what_they_may_ask_for
    a_machine_whose_owners_have_left_is_marked
    an_ask_carries_several_links_and_a_bad_one_is_named
}

/// A bundle of the small company that gives right X by the yes of an owner, with these lines besides.
fn bundle(key: &str, name: &str, lines: &str) -> String {
    format!(
        "\n[[bundle]]\nkey = \"{key}\"\nname = \"{name}\"\nsays = \"One more way\"\nlongest = \"8h\"\ndefault = \"4h\"\n{lines}
  [[bundle.stage]]\n  name = \"Owner\"\n  need = 1\n  from = {{ owners = true }}\n"
    )
}

const FOR_ASKERS: &str =
    "entitlements = [\"life-desk/x\"]\naskers = { groups = [\"life-askers\"], kinds = [\"person\"] }\n";

/// A system that weighs, as it is where it counts, and what there is to have of it.
fn production() -> String {
    let system = "
[[group]]
key = \"life-p\"
name = \"Life, right P\"
says = \"Who has the right P\"
members = []

[[system]]
key = \"life-live\"
name = \"Life, where it counts\"
says = \"A system of production\"
environment = \"production\"
sensitivity = \"low\"
data_class = \"internal\"
owners = [\"olga.owner\", \"otto.owner\"]
backup_owners = [\"bea.backup\"]
fallback = \"life-fallback\"
connector = \"directory\"

  [[system.entitlement]]
  key = \"p\"
  name = \"Right P\"
  says = \"Do P\"
  native = \"life-p\"
";
    let lines = "entitlements = [\"life-live/p\"]\naskers = { groups = [\"life-askers\"], kinds = [\"person\"] }\n";
    format!("{system}{}", bundle("life-prod", "Where it counts", lines))
}

/// R69: nobody has what is only being made, on no page.
async fn what_is_only_being_made_is_not_counted_as_there(on: On) {
    let world = World::on(on).await;
    let (ann, olga, astrid) =
        (world.actor("ann.asker").await, world.actor("olga.owner").await, world.actor("astrid.nyberg").await);
    let shown = async || {
        let home = world.portal.home(&ann).await.expect("it is her page");
        let cards: Vec<_> = home.have.iter().map(|card| (card.state.clone(), card.there)).collect();
        let system = world.portal.system(&olga, "life-hand", "").await.expect("she owns it");
        let offers = world.portal.catalogue(&ann, "By hand", "", "").await.expect("she may look");
        let offer = offers.items.iter().find(|it| it.key == "life-manual").expect("it can be asked for");
        let her = world.portal.identity(&astrid, "ann.asker").await.expect("an admin sees her");
        (cards, (system.row.live, system.row.coming), her.row.live, offer.standing.clone())
    };
    let card = |state: &str, there| vec![(state.to_owned(), there)];
    assert_eq!(shown().await, (vec![], (0, 0), 0, None));
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    assert_eq!(shown().await, (vec![], (0, 0), 0, Some("waiting".to_owned())));
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    assert_eq!(shown().await, (card("opening", false), (0, 1), 0, Some("opening".to_owned())));

    let [(give, false, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that gives") };
    world.portal.attest(&world.actor("hal.hand").await, give).await.expect("Hal had no part in it");
    world.run_jobs().await;
    assert_eq!(shown().await, (card("active", true), (1, 0), 1, Some("active".to_owned())));

    world.pass(TimeDelta::hours(1)).await;
    assert_eq!(
        shown().await,
        (card("ending", true), (1, 0), 1, Some("ending".to_owned())),
        "nobody has taken it away yet"
    );
    let [(take, true, false)] = world.tasks("hedda.hand").await[..] else { panic!("one task that takes away") };
    world.portal.attest(&world.actor("hedda.hand").await, take).await.expect("Hedda had no part in it");
    world.run_jobs().await;
    assert_eq!(shown().await, (vec![], (0, 0), 0, None));
    world.is_sound().await;
}

/// Separation of duties as of now, whatever was so when it was asked.
async fn what_must_not_be_in_the_same_hands_is_told_to_who_decides(on: On) {
    let world = World::on(on).await;
    let olga = world.actor("olga.owner").await;
    world.granted("ann.asker", "life-auto", "4h", &[]).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let conflicts = async || {
        let page = world.portal.request(&olga, id).await.expect("it is hers to decide");
        page.context.expect("she weighs it").conflicts
    };
    assert_eq!(conflicts().await, Vec::<String>::new());
    let alone = "says = \"Right Y, with nobody in the way\"\n";
    assert!(COMPANY.contains(alone));
    world.import(&COMPANY.replace(alone, &format!("{alone}incompatible = [\"life-one\"]\n"))).await;
    assert_eq!(conflicts().await, ["holds “By policy alone”, which must not be in the same hands"]);
}

/// R8: what weighs more is seen first, on whatever page it would have been; and the trail's check compares what that order hangs on.
async fn the_inbox_begins_with_what_weighs_more_and_both_lists_go_on_to_their_end(on: On) {
    let world = World::on(on).await;
    let more: String = (0..21).map(|n| bundle(&format!("life-more-{n}"), &format!("More, {n}"), FOR_ASKERS)).collect();
    world.import(&format!("{COMPANY}{}{more}", production())).await;
    for n in 0..21 {
        world.ask("ann.asker", &format!("life-more-{n}"), "1h").await;
    }
    let weighty = world.ask("ann.asker", "life-prod", "1h").await;

    let olga = world.actor("olga.owner").await;
    let first = world.portal.inbox(&olga, "").await.expect("it is hers");
    assert_eq!((first.items[0].id, first.items[0].weighty, first.items.len()), (weighty, true, 20));
    let second = world.portal.inbox(&olga, &first.next.expect("there is more")).await.expect("it is hers");
    assert_eq!((second.items.len(), second.next), (2, None));
    let light: Vec<_> = first.items[1..].iter().chain(&second.items).map(|card| card.id).collect();
    assert!(light.is_sorted() && !light.contains(&weighty), "the oldest of the others come next: {light:?}");
    assert_eq!(light.iter().collect::<BTreeSet<_>>().len(), 21);

    let ann = world.actor("ann.asker").await;
    let home = world.portal.home(&ann).await.expect("it is her page");
    assert_eq!((home.waits, home.waiting.items.len()), (22, 20));
    let next = home.waiting.next.expect("there is more");
    let rest = world.portal.my_access(&ann, "", &next).await.expect("it is her page");
    assert_eq!((rest.waits, rest.waiting.items.len(), rest.waiting.next), (22, 2, None));
    world.is_sound().await;

    let row = world.literal(weighty.0);
    world
        .sql(format!("update deciders set weighty = not weighty where request_id = {row}"))
        .await
        .expect("it is right");
    let found = world.findings().await;
    assert!(
        matches!(&found[..], [one] if one.starts_with(&format!("request {weighty}: its column `deciders`"))),
        "{found:#?}"
    );
}

/// R63, R72: nothing that waits to be done, and nobody who has something, is left out for being the twenty-first.
async fn tasks_and_holders_go_on_to_their_end(on: On) {
    let world = World::on(on).await;
    let people = (0..21).map(|n| {
        format!("\n[[person]]\nkey = \"life.p{n}\"\nname = \"Person {n}\"\naccounts = {{ life-hand = \"P{n}\" }}\n")
    });
    let people: String = people.collect();
    let keys: Vec<_> = (0..21).map(|n| format!("\"life.p{n}\"")).collect();
    let nobody = "members = [\"ann.asker\", \"bo.asker\"]";
    assert!(COMPANY.contains(nobody));
    world.import(&format!("{}{people}", COMPANY.replace(nobody, &format!("members = [{}]", keys.join(", "))))).await;
    for n in 0..21 {
        let id = world.ask(&format!("life.p{n}"), "life-manual", "1h").await;
        world.approve("olga.owner", id).await.expect("an owner decides");
    }
    world.run_jobs().await;

    let hal = world.actor("hal.hand").await;
    assert_eq!(world.portal.shell(&hal).await.expect("he is signed in").tasks, 21);
    let first = world.portal.tasks(&hal, "").await.expect("he has tasks");
    let second = world.portal.tasks(&hal, &first.next.expect("there is more")).await.expect("he has tasks");
    assert_eq!((first.items.len(), second.items.len(), second.next), (20, 1, None));
    let ids: BTreeSet<_> = first.items.iter().chain(&second.items).map(|task| task.id).collect();
    assert_eq!(ids.len(), 21);

    let olga = world.actor("olga.owner").await;
    let first = world.portal.system(&olga, "life-hand", "").await.expect("she owns it");
    assert_eq!((first.row.live, first.row.coming), (0, 21));
    let next = first.holders.next.expect("there is more");
    let second = world.portal.system(&olga, "life-hand", &next).await.expect("she owns it").holders;
    assert_eq!((first.holders.items.len(), second.items.len(), second.next), (20, 1, None));
}

/// R75: the whole story, forwards on its page and backwards in the trail, to the last event.
async fn the_story_of_a_request_is_read_forwards_and_searched_backwards_to_its_end(on: On) {
    let world = World::on(on).await;
    let (ann, ines) = (world.actor("ann.asker").await, world.actor("ines.carvalho").await);
    let id = world.ask("ann.asker", "life-one", "1h").await;
    for n in 0..20 {
        world.portal.comment(&ann, id, &format!("thought {n}")).await.expect("she takes part");
    }
    let newest_first = async || {
        let (mut hashes, mut after) = (Vec::new(), String::new());
        loop {
            let page = world.portal.trail(&ines, &id.to_string(), &after).await.expect("she is the auditor");
            hashes.extend(page.items.into_iter().map(|row| row.line.hash));
            let Some(next) = page.next else { return hashes };
            after = next;
        }
    };
    let in_order = async || {
        let events = world.read().await.events(StreamId(id.0), 1, 1000).await.expect("they can be read");
        events.into_iter().map(|event| event.hash).collect::<Vec<_>>()
    };
    let mut told = in_order().await;
    told.reverse();
    assert_eq!((newest_first().await, told.len()), (told.clone(), 21), "one more than a page");

    for n in 20..105 {
        world.portal.comment(&ann, id, &format!("thought {n}")).await.expect("she takes part");
    }
    let first = world.portal.request(&ann, id).await.expect("it is hers");
    let next = first.lines.next.expect("there is more");
    let second = world.portal.request_from(&ann, id, &next).await.expect("it is hers");
    assert_eq!((first.lines.items.len(), second.lines.next), (100, None));
    let lines = first.lines.items.into_iter().chain(second.lines.items);
    let mut told = in_order().await;
    assert_eq!(lines.map(|line| line.hash).collect::<Vec<_>>(), told);
    told.reverse();
    assert_eq!(newest_first().await, told);
}

/// L9: who waits is told what for.
async fn what_waits_says_how_long_an_answer_takes_or_for_which_hours_it_waits(on: On) {
    let world = World::on(on).await;
    let hours = "hours = { days = [\"mon\"], from = \"08:00\", to = \"10:00\", zone = \"Europe/London\" }\n";
    let lines = format!("{FOR_ASKERS}{hours}");
    world.import(&format!("{COMPANY}{}", bundle("life-hours", "At its hours", &lines))).await;
    let standing =
        async |who: &str, id| world.portal.request(&world.actor(who).await, id).await.expect("it is theirs").standing;
    let first = world.ask("ann.asker", "life-one", "1h").await;
    assert_eq!(standing("ann.asker", first).await, "Waiting for Olga Owner or Otto Owner.");
    world.clock.advance(TimeDelta::minutes(25));
    world.approve("olga.owner", first).await.expect("an owner decides");
    world.run_jobs().await;
    let second = world.ask("bo.asker", "life-one", "1h").await;
    assert_eq!(
        standing("bo.asker", second).await,
        "Waiting for Olga Owner or Otto Owner, usually answered in 25 minutes."
    );

    let late = world.ask("ann.asker", "life-hours", "1h").await;
    world.clock.advance(TimeDelta::hours(1));
    world.approve("otto.owner", late).await.expect("an owner decides at any hour");
    world.run_jobs().await;
    assert_eq!(
        standing("ann.asker", late).await,
        "Approved. It is made when its hours begin: on Monday from 08:00 to 10:00 (Europe/London)."
    );
    world.is_sound().await;
}

/// R72: a failure ends in a state that is seen, with retry.
async fn who_owns_a_system_sees_what_fails_there_and_when_it_is_tried_again(on: On) {
    let world = World::on(on).await;
    let grant = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    let nobody = "says = \"Who has the right X\"\nmembers = []";
    world.import(&COMPANY.replace(nobody, &nobody.replace("[]", "[\"ann.asker\"]"))).await;
    world.portal.give_back(&world.actor("ann.asker").await, grant).await.expect("it is hers");
    world.run_jobs().await;
    for tries in 1..3 {
        let page = world.portal.system(&world.actor("olga.owner").await, "life-desk", "").await.expect("she owns it");
        assert_eq!((page.row.live, page.row.trouble), (1, 1), "she can act on it, and should not");
        let [holder] = &page.holders.items[..] else { panic!("one holder: {:?}", page.holders) };
        let [trouble] = &holder.troubles[..] else { panic!("one trouble: {holder:?}") };
        assert_eq!(trouble.says, "the right was taken away and still stands there: a standing member");
        assert_eq!(trouble.tries, tries);
        let next = trouble.next.expect("it is tried again");
        assert!(next > world.clock.now() && holder.seen_at.is_some(), "{holder:?}");
        world.pass(next - world.clock.now()).await;
    }
}

/// R70: those who look after a system see whether it can be reached; others see no more of it than before.
async fn whether_a_target_answers_is_told_to_its_owners_and_to_admins(on: On) {
    let world = World::on(on).await;
    let health = async |who: &str, key: &str| world.portal.health(&world.actor(who).await, key).await;
    let desk = health("olga.owner", "life-desk").await.expect("she owns it").expect("it is her business");
    assert!(desk.well, "{desk:?}");
    let orders = health("astrid.nyberg", "orders-db").await.expect("she is an admin").expect("it is her business");
    assert!(!orders.well && orders.says.contains("`orders-db` is not set"), "{orders:?}");
    assert_eq!(health("ines.carvalho", "orders-db").await.expect("she may see the system"), None);
    for nobody in ["ann.asker", "bo.asker"] {
        let unknown = health(nobody, "orders-db").await;
        assert!(matches!(unknown, Err(Error::NotFound)), "{nobody}: {unknown:?}");
    }

    world.clock.advance(TimeDelta::seconds(29));
    let again = health("astrid.nyberg", "orders-db").await.expect("she is an admin").expect("it is her business");
    assert_eq!(again.looked_at, orders.looked_at, "its last answer is fresh");
    world.clock.advance(TimeDelta::seconds(1));
    let later = health("astrid.nyberg", "orders-db").await.expect("she is an admin").expect("it is her business");
    assert_eq!(later.looked_at, world.clock.now());
}

/// R40, R42: one sees in time what will be gone.
async fn what_ends_soon_and_what_could_be_asked_for_are_told_apart(on: On) {
    let world = World::on(on).await;
    let bo = world.actor("bo.asker").await;
    let mine = async || world.portal.my_access(&bo, "", "").await.expect("it is his page");
    let offered = async || mine().await.eligible.into_iter().map(|it| it.key).collect::<BTreeSet<_>>();
    assert!(offered().await.contains("life-auto"));
    world.granted("bo.asker", "life-auto", "4h", &[]).await;
    assert!(!offered().await.contains("life-auto"), "he has it");
    assert!(!offered().await.contains("life-manual"), "he has no account there");
    world.clock.advance(TimeDelta::minutes(179));
    assert!(!mine().await.active[0].expiring);
    world.clock.advance(TimeDelta::minutes(1));
    assert!(mine().await.active[0].expiring, "the last quarter of its time");
}

/// R10, R25: who owns a pipeline finds what it may have.
async fn who_answers_for_others_sees_what_they_may_ask_for(on: On) {
    let world = World::on(on).await;
    let bot = "\n[[service]]\nkey = \"life.bot\"\nname = \"Life bot\"\nkind = \"pipeline\"\npurpose = \"Works at night\"\nowners = [\"bo.asker\"]\n";
    let lines = "entitlements = [\"life-desk/x\"]\naskers = { kinds = [\"pipeline\"] }\n";
    world.import(&format!("{COMPANY}{bot}{}", bundle("life-bots", "For bots", lines))).await;
    let card = async |who: &str| {
        let found = world.portal.catalogue(&world.actor(who).await, "For bots", "", "").await.expect("they may look");
        found.items.into_iter().find(|it| it.key == "life-bots").expect("it can be asked for")
    };
    let (his, hers) = (card("bo.asker").await, card("ann.asker").await);
    assert_eq!(his.why_not.as_deref(), Some("This is for pipelines."));
    assert_eq!((his.others, hers.others), (vec!["Life bot".to_owned()], vec![]));
    let bo = world.actor("bo.asker").await;
    let form = world.portal.ask_form(&bo, "life-bots", None).await.expect("he may ask");
    assert_eq!(form.subjects[0].name, "Life bot", "who can have it comes first");

    let asking = Asking { subject: form.subjects[0].id.clone(), ..world.asking("bo.asker", "life-bots", "1h").await };
    world.portal.ask(&bo, &asking).await.expect("he answers for it");
    assert_eq!(card("bo.asker").await.others, Vec::<String>::new(), "it waits already");
}

/// R48, R54: a machine for which nobody answers any more does not look like all the others.
async fn a_machine_whose_owners_have_left_is_marked(on: On) {
    let world = World::on(on).await;
    let bot = "\n[[service]]\nkey = \"life.bot\"\nname = \"Life bot\"\nkind = \"pipeline\"\npurpose = \"Works at night\"\nowners = [\"bo.asker\", \"ann.asker\"]\n";
    world.import(&format!("{COMPANY}{bot}")).await;
    let astrid = world.actor("astrid.nyberg").await;
    for (leaver, left) in [("bo.asker", false), ("ann.asker", true)] {
        world.portal.mark_left(&astrid, world.id(leaver).await).await.expect("an admin says so");
        let page = world.portal.identity(&astrid, "life.bot").await.expect("an admin sees it");
        assert_eq!(page.row.ownerless, left);
        assert!(page.owners.iter().any(|owner| owner.name == "Bo Asker (has left)"), "{:?}", page.owners);
    }
    let list = world.portal.identities(&astrid, "Life bot", "").await.expect("an admin sees them");
    assert!(list.items[0].ownerless);
    let person = world.portal.identity(&astrid, "otto.owner").await.expect("an admin sees him");
    assert!(!person.row.ownerless, "a person answers for themselves");
}

/// R23: evidence is attached to the request, all of it.
async fn an_ask_carries_several_links_and_a_bad_one_is_named(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    let with = async |link: &str| {
        let asking = Asking { link: link.to_owned(), ..world.asking("ann.asker", "life-one", "1h").await };
        world.portal.ask(&ann, &asking).await
    };
    let bad = with("https://a.example/1\n\njavascript:alert(1)").await;
    assert!(matches!(bad, Err(Error::Refused(Refusal::NotALink { line: 3, .. }))), "{bad:?}");
    let long = with(&format!("https://a.example/1\nhttps://{}", "x".repeat(500))).await;
    assert!(matches!(long, Err(Error::Refused(Refusal::BadLink { line: 2, .. }))), "{long:?}");
    let six = with(&"https://a.example/\n".repeat(6)).await;
    assert!(matches!(six, Err(Error::Refused(Refusal::ManyLinks { line: 6, most: 5 }))), "{six:?}");

    let id = with("https://a.example/1\r\n\r\n  http://b.example/2  \r\nhttps://c.example/3").await.expect("she may");
    let page = world.portal.request(&ann, id).await.expect("it is hers");
    assert_eq!(page.links, ["https://a.example/1", "http://b.example/2", "https://c.example/3"]);
    world.is_sound().await;
}
