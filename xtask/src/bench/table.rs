//! The table of a benchmark, for people: each figure beside what it is held to, and beside an earlier run's.

use std::collections::BTreeMap;

use super::acts::Name;
use super::load::Load;
use super::report::{Act, Figure, Floor, Goal, Raw, Report, Run, ratio};

const NOTHING: &str = "–";

/// A figure as its row says it.
struct Found {
    says: String,
    value: f64,
    shown: String,
    goal: Option<Goal>,
}

/// All that was found out, beside what was found out earlier.
pub fn shown(report: &Report, earlier: Option<&Report>) -> String {
    let mut parts = vec![
        report.machine.says(),
        format!("each act for {} s over 8 connections; goals are ratios within this run", report.seconds),
    ];
    if let Some(earlier) = earlier {
        parts.push(format!("before: {}", earlier.machine.says()));
    }
    if !report.figures.is_empty() {
        let before = earlier.map(|it| found(&it.figures));
        parts.push(figures("The program", &found(&report.figures), before.as_deref()));
    }
    for run in &report.runs {
        let before = earlier.map(|it| it.like(run).map(speeds).unwrap_or_default());
        parts.push(acts(run, report.smallest(run), before.as_ref()));
        let others = beside_acts(run);
        if !others.is_empty() {
            let before = earlier.map(|it| it.like(run).map(beside_acts).unwrap_or_default());
            parts.push(figures("Beside them", &others, before.as_deref()));
        }
        if !run.remarks.is_empty() {
            parts.push(run.remarks.iter().map(|it| format!("- {it}")).collect::<Vec<_>>().join("\n"));
        }
    }
    parts.join("\n\n")
}

/// What a run is called.
fn title(run: &Run) -> String {
    match run.requests {
        Some(requests) => format!("{}, {} requests", run.on, grouped(&requests.to_string())),
        None => run.on.clone(),
    }
}

fn acts(run: &Run, smallest: Option<&Run>, before: Option<&BTreeMap<String, f64>>) -> String {
    let grown = smallest.map_or_else(|| "grown".to_owned(), |it| format!("to {}", title(it)));
    let heads = ["a second", "p50 ms", "p99 ms", "CPU ms", "wrk CPU", "SQL", "not done", "to its floor", "p99 to p50"];
    let mut head = vec![title(run)];
    head.extend(heads.map(str::to_owned));
    head.push(grown);
    head.extend(smallest.map(|_| "there, p50 ms".to_owned()));
    let mut rows = vec![head];
    let mut sorted: Vec<&Act> = run.acts.iter().collect();
    sorted.sort_by_key(|it| it.name);
    rows.extend(sorted.into_iter().map(|act| act_row(act, run, smallest)));
    for (floor, load) in &run.floors {
        let mut row = vec![named(*floor)];
        row.extend(load_cells(load, None));
        rows.push(row);
    }
    rows.extend(run.raw.iter().flat_map(raw).map(|(name, per_second)| vec![name, number(per_second)]));
    if let Some(before) = before {
        beside(&mut rows, &speeds(run), before);
    }
    aligned(&rows)
}

fn act_row(act: &Act, run: &Run, smallest: Option<&Run>) -> Vec<String> {
    let Act { name, load, statements, fewest } = act;
    let mut row = vec![name.says().to_owned()];
    row.extend(load_cells(load, *statements));
    let floor = run.floors.get(&name.floor()).and_then(|floor| ratio(load.per_second, floor.per_second));
    row.push(judged(floor, name.of_floor()));
    let tail = ratio(load.p99_ms, load.p50_ms);
    row.push(name.tail().map_or_else(|| NOTHING.to_owned(), |goal| judged(tail, goal)));
    let there = fewest.as_ref().or_else(|| Some(&smallest?.act(*name)?.load)).map(|it| it.p50_ms);
    row.push(judged(there.and_then(|there| ratio(load.p50_ms, there)), Name::GROWTH));
    row.extend(there.map(number));
    row
}

fn load_cells(load: &Load, statements: Option<u64>) -> [String; 7] {
    let none = || NOTHING.to_owned();
    [
        number(load.per_second),
        number(load.p50_ms),
        number(load.p99_ms),
        load.cpu_ms.map_or_else(none, number),
        format!("{:.0} %", load.tool * 100.0),
        statements.map_or_else(none, |it| it.to_string()),
        (load.failed + load.refused).to_string(),
    ]
}

/// How many a second, by what the rows are called.
fn speeds(run: &Run) -> BTreeMap<String, f64> {
    let acts = run.acts.iter().map(|it| (it.name.says().to_owned(), it.load.per_second));
    let floors = run.floors.iter().map(|(floor, load)| (named(*floor), load.per_second));
    acts.chain(floors).chain(run.raw.iter().flat_map(raw)).collect()
}

fn named(floor: Floor) -> String {
    format!("floor: {}", floor.says())
}

fn raw(of: &Raw) -> [(String, f64); 2] {
    [("an ask", &of.ask), ("a decision", &of.decide)]
        .map(|(what, rate)| (format!("floor: raw durable commits of {what}"), rate.per_second))
}

/// What a run has found out beside the acts.
fn beside_acts(run: &Run) -> Vec<Found> {
    let points = run.points.iter().flat_map(|(page, points)| {
        points.iter().map(move |(category, value)| Found {
            says: category.of(*page),
            value: *value,
            shown: format!("{value:.0} of 100"),
            goal: Some(category.goal()),
        })
    });
    found(&run.figures).into_iter().chain(points).collect()
}

fn found(figures: &BTreeMap<Figure, f64>) -> Vec<Found> {
    let one = |(figure, value): (&Figure, &f64)| Found {
        says: figure.says().to_owned(),
        value: *value,
        shown: format!("{} {}", number(*value), figure.unit()),
        goal: figure.goal(),
    };
    figures.iter().map(one).collect()
}

fn figures(title: &str, now: &[Found], before: Option<&[Found]>) -> String {
    let mut rows = vec![vec![title.to_owned(), String::new(), "goal".to_owned()]];
    for Found { says, value, shown, goal } in now {
        let verdict = goal.map_or_else(String::new, |goal| verdict(*value, goal));
        rows.push(vec![says.clone(), shown.clone(), verdict]);
    }
    if let Some(before) = before {
        beside(&mut rows, &by_name(now), &by_name(before));
    }
    aligned(&rows)
}

fn by_name(found: &[Found]) -> BTreeMap<String, f64> {
    found.iter().map(|it| (it.says.clone(), it.value)).collect()
}

/// Puts earlier figures at the end of each row, and how often they go into these.
fn beside(rows: &mut [Vec<String>], these: &BTreeMap<String, f64>, before: &BTreeMap<String, f64>) {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    for (nth, row) in rows.iter_mut().enumerate() {
        row.resize(width, String::new());
        if nth == 0 {
            row.extend(["before", "to before"].map(str::to_owned));
            continue;
        }
        let Some(name) = row.first() else { continue };
        let (found, then) = (these.get(name), before.get(name));
        let to_before = found.zip(then).and_then(|(found, then)| ratio(*found, *then));
        let cells = [then.copied(), to_before].map(|it| it.map_or_else(|| NOTHING.to_owned(), number));
        row.extend(cells);
    }
}

/// A ratio, and whether it is as it should be.
fn judged(found: Option<f64>, goal: Goal) -> String {
    found.map_or_else(|| NOTHING.to_owned(), |found| format!("{} {}", number(found), verdict(found, goal)))
}

fn verdict(found: f64, goal: Goal) -> String {
    let met = if goal.is_met(found) { "met" } else { "NOT met" };
    format!("({goal}: {met})")
}

/// As many digits as say something.
fn number(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        grouped(&format!("{value:.0}"))
    }
}

/// `1234567` as `1,234,567`.
fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Rows with their columns under one another, the first to the left and the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(widths.iter().copied()).enumerate().map(|(nth, (cell, width))| match nth {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::machine::Machine;
    use crate::bench::report::{Category, Page, Rate};

    fn load(per_second: f64, p50_ms: f64) -> Load {
        Load {
            per_second,
            p50_ms,
            p99_ms: p50_ms * 12.0,
            answered: 100,
            failed: 1,
            refused: 2,
            ran_out: false,
            cpu_ms: Some(1.25),
            tool: 0.04,
        }
    }

    fn run(requests: u64, p50_ms: f64) -> Run {
        let mut run = Run::new("SQLite".to_owned(), Some(requests));
        run.acts.push(Act { name: Name::Inbox, load: load(300.0, p50_ms), statements: Some(21), fewest: None });
        run.acts.push(Act { name: Name::Ask, load: load(500.0, p50_ms), statements: None, fewest: None });
        run.floors.insert(Floor::CommitAsk, load(1_000.0, 1.0));
        run.floors.insert(Floor::Page, load(12_000.0, 1.0));
        run.raw = Some(Raw { ask: Rate { per_second: 1_500.0 }, decide: Rate { per_second: 1_400.0 } });
        run
    }

    fn report(runs: Vec<Run>) -> Report {
        let machine = Machine {
            cores: 2,
            processor: "a fast one".to_owned(),
            memory: 4_294_967_296,
            kernel: "6.1".to_owned(),
            rust: "rustc 1.95.0".to_owned(),
        };
        Report { machine, seconds: 10, figures: BTreeMap::from([(Figure::FirstLoadKilobytes, 131.0)]), runs }
    }

    fn line<'a>(text: &'a str, begins: &str) -> Vec<&'a str> {
        let line = text.lines().find(|line| line.starts_with(begins)).unwrap_or_default();
        line.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect()
    }

    #[test]
    fn an_act_stands_beside_its_floor_and_its_goal() {
        let text = shown(&report(vec![run(10_000, 2.0), run(1_000_000, 3.0)]), None);
        assert!(text.starts_with("2 cores of a fast one, 4 GiB of memory, Linux 6.1, rustc 1.95.0\n"), "{text}");
        let ask = ["ask", "500", "2.00", "24.0", "1.25", "4 %", "–", "3", "0.50 (≥ 0.5: met)", "–", "–"];
        assert_eq!(line(&text, "ask "), ask);
        let inbox = line(&text, "inbox ");
        assert_eq!(inbox.get(6..), Some(["21", "3", "0.03 (≥ 0.25: NOT met)", "12.0 (≤ 10: NOT met)", "–"].as_slice()));
        let held_to = |there: f64| {
            let mut million = run(1_000_000, 3.0);
            million.acts.iter_mut().for_each(|act| act.fewest = Some(load(1.0, there)));
            shown(&report(vec![run(10_000, 2.0), million]), None)
        };
        assert!(text.contains("1.50 (≤ 1.3: NOT met)           2.00"), "a million is held to ten thousand: {text}");
        let text = held_to(2.5);
        assert!(
            text.contains("1.20 (≤ 1.3: met)           2.50"),
            "as it went right before, where that is known: {text}"
        );
        assert_eq!(
            line(&text, "floor: raw durable commits of an ask"),
            ["floor: raw durable commits of an ask", "1,500"]
        );
        assert_eq!(line(&text, "first load"), ["first load, brotli", "131 kB", "(≤ 130: NOT met)"]);
    }

    #[test]
    fn an_earlier_run_stands_beside_it() {
        let (mut before, now) = (report(vec![run(10_000, 2.0)]), report(vec![run(10_000, 2.0), run(100_000, 2.0)]));
        before.figures.clear();
        let act = before.runs.first_mut().and_then(|it| it.acts.first_mut()).expect("an inbox");
        act.load.per_second = 150.0;
        let text = shown(&now, Some(&before));
        assert_eq!(line(&text, "inbox ").iter().rev().take(2).copied().collect::<Vec<_>>(), ["2.00", "150"]);
        assert_eq!(line(&text, "first load").iter().rev().take(2).copied().collect::<Vec<_>>(), ["–", "–"]);
        assert_eq!(text.matches("to before").count(), 3, "once in each head: {text}");
    }

    #[test]
    fn what_lighthouse_says_stands_beside_its_goal_where_it_was_asked() {
        let points =
            |performance| BTreeMap::from([(Category::Performance, performance), (Category::Accessibility, 100.0)]);
        let (mut before, mut now) = (report(vec![run(10_000, 2.0)]), report(vec![run(10_000, 2.0), run(100_000, 2.0)]));
        before.runs.first_mut().expect("a run").points.insert(Page::Inbox, points(48.5));
        now.runs.first_mut().expect("a run").points.insert(Page::Inbox, points(97.0));
        let text = shown(&now, Some(&before));
        let performance = ["Lighthouse: inbox, performance", "97 of 100", "(≥ 98: NOT met)", "48.5", "2.00"];
        assert_eq!(line(&text, "Lighthouse: inbox, performance"), performance);
        assert!(line(&text, "Lighthouse: inbox, accessibility").contains(&"(≥ 100: met)"), "{text}");
        assert_eq!(text.matches("Lighthouse").count(), 2, "neither other pages nor other runs: {text}");
    }

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        let said = [0.061, 9.994, 31.27, 482.4, 1_234_567.8].map(number);
        assert_eq!(said, ["0.06", "9.99", "31.3", "482", "1,234,568"]);
        assert_eq!(grouped("10000"), "10,000");
        assert_eq!(grouped("999"), "999");
    }

    #[test]
    fn columns_stand_under_one_another() {
        let rows = [vec!["what", "a"], vec!["x", "100"], vec!["ä"]]
            .map(|row| row.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(aligned(&rows), "what    a\nx     100\nä");
    }
}
