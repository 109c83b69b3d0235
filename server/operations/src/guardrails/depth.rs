//! How deep a text goes. The engine reads a rule as deep as it is nested, and does not look how much room its stack has left: what goes
//! too deep would end the whole program. So it is turned away before it is read.

use super::Mistake;

/// So many brackets and `if`s may stand within one another.
const DEEPEST: usize = 40;

/// So many characters may be in one rule, besides comments: a chain of `&&` is as deep as it is long.
const LONGEST_RULE: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    Quotes,
    Escape,
    Comment,
}

/// What goes too deep, if anything does.
pub(super) fn too_deep(text: &str) -> Option<Mistake> {
    let (mut line, mut length, mut ifs) = (1, 0, 0);
    // What would close each bracket that stands open.
    let (mut within, mut word, mut open) = (Within::Code, String::new(), Vec::new());
    let mut before = ' ';
    for c in text.chars() {
        let was = within;
        within = match (was, c) {
            // The engine ends a comment at either.
            (Within::Comment, '\n' | '\r') | (Within::Quotes, '"') => Within::Code,
            (Within::Code, '/') if before == '/' => Within::Comment,
            (Within::Quotes, '\\') => Within::Escape,
            (Within::Code, '"') | (Within::Escape, _) => Within::Quotes,
            (was, _) => was,
        };
        before = c;
        line += usize::from(c == '\n');
        if was == Within::Comment || within == Within::Comment {
            continue;
        }
        let code = was == Within::Code && within == Within::Code;
        // What is quoted makes nothing deeper.
        length += usize::from(code);
        if code && (c.is_ascii_alphanumeric() || c == '_') {
            word.push(c);
        } else {
            ifs += usize::from(word == "if");
            word.clear();
        }
        match c {
            _ if !code => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.last() == Some(&c) => {
                open.pop();
            }
            ';' => {
                (length, ifs) = (0, 0);
                open.clear();
            }
            _ => {}
        }
        let says = if open.len() + ifs > DEEPEST {
            format!("more than {DEEPEST} brackets and `if`s stand within one another: make two rules of it")
        } else if length > LONGEST_RULE {
            format!(
                "more than {LONGEST_RULE} characters are in one rule: make two of it, or end the one before with `;`"
            )
        } else {
            continue;
        };
        return Some(Mistake { line: Some(line), says });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guardrails::STARTING_RULES;

    fn rule(when: &str) -> String {
        format!("@id(\"x\")\n@says(\"( is quoted\")\npermit (principal, action, resource)\nwhen {{ {when} }};\n")
    }

    #[test]
    fn what_people_write_is_not_too_deep() {
        let list = ["Bundle::\"a-bundle-with-a-long-name\""; 100].join(", ");
        for fine in [
            STARTING_RULES.to_owned(),
            rule("true").repeat(100),
            rule(&format!("\"{}\" == \"\"", "a".repeat(5_000))),
            rule(&format!("resource in [{list}]")),
            rule("((((1 + 2) * 3) + 4) > 5) && (if true then true else false)"),
            rule(&format!("true // {}", "(".repeat(100))),
            "permit (principal, action, resource".to_owned(),
            "\"never closed".to_owned(),
        ] {
            assert_eq!(too_deep(&fine), None, "{fine}");
        }
    }

    #[test]
    fn what_would_be_read_without_end_is_turned_away_with_its_line() {
        let deep = [
            rule(&format!("{}true{}", "(".repeat(41), ")".repeat(41))),
            rule(&"[".repeat(30_000)),
            rule(&format!("{}true", "if true then true else ".repeat(41))),
            rule(&format!("{}true", "true && ".repeat(2_000))),
            rule(&format!("context{}", ".a".repeat(3_000))),
            rule(&format!("// \r {}true{}", "(".repeat(41), ")".repeat(41))),
            rule(&"(]".repeat(41)),
            rule(&format!("{}true", "if\"\" == \"\" then true else ".repeat(41))),
        ];
        for text in deep {
            let mistake = too_deep(&format!("{}{text}", rule("true"))).expect("it is too deep");
            assert_eq!(mistake.line, Some(8), "{}", mistake.says);
        }
    }
}
