//! The word somebody probably meant.

/// The candidate nearest to a word, where one is near enough to be what was meant.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().chars().collect::<Vec<_>>();
    // Comparing takes the product of both lengths, and nobody mistypes a word this long.
    if word.len() > 80 {
        return None;
    }
    let room = (word.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(word.len()) <= room)
        .map(|candidate| (distance(&word, &candidate.to_lowercase().chars().collect::<Vec<_>>()), candidate))
        .filter(|(steps, _)| *steps <= room)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour to make one word of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut steps = vec![vec![0; other.len() + 1]; one.len() + 1];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            steps[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = steps[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
                let best = changed.min(steps[i - 1][j] + 1).min(steps[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
                if swapped { best.min(steps[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    steps[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_far_away() {
        let words = ["production", "staging", "development"];
        assert_eq!(nearest("prodution", words), Some("production"));
        assert_eq!(nearest("Staging", words), Some("staging"));
        assert_eq!(nearest("test", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("nme", ["name", "need"]), Some("name"));
    }

    #[test]
    fn counts_the_letters_between_two_words() {
        for (one, other, steps) in
            [("", "abc", 3), ("kitten", "sitting", 3), ("å", "a", 1), ("hihg", "high", 1), ("abc", "abc", 0)]
        {
            let [one, other] = [one, other].map(|word| word.chars().collect::<Vec<_>>());
            assert_eq!(distance(&one, &other), steps, "{one:?} {other:?}");
        }
    }
}
