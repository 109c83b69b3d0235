//! What a form asks for: its fields as the editor draws them, under the names that the catalogue gives them.

/// A part of a form: what belongs to one condition, or to one stage.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Its name in the catalogue: `justification`.
    pub key: &'static str,
    /// What it is about, as a heading.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub says: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name within the part; empty where the part is but this one field.
    pub name: &'static str,
    /// What stands before it.
    pub label: &'static str,
    /// What to write.
    pub hint: &'static str,
    /// Whether it must be filled in.
    pub required: bool,
    /// How it is filled in.
    pub input: Input,
}

/// Words to choose from: each as the catalogue writes it, and as people say it.
pub type Words = fn() -> Vec<(&'static str, &'static str)>;

/// How a field is filled in.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// One line of text.
    Line {
        /// The most characters.
        most: u32,
    },
    /// A regular expression.
    Pattern,
    /// A key of one's own choice.
    Key,
    /// A length of time.
    Span,
    /// A whole number.
    Number {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A time of the day.
    Time,
    /// An IANA time zone.
    Zone,
    /// Yes or no.
    Yes,
    /// One of a few words.
    One(Words),
    /// Any of a few words.
    Any(Words),
    /// Words of one's own.
    Tags,
    /// Entitlements of systems.
    Rights,
    /// One group.
    Group,
    /// Groups.
    Groups,
    /// Bundles.
    Bundles,
    /// People.
    People,
}

impl Input {
    /// Whether it holds several values.
    pub fn is_list(self) -> bool {
        match self {
            Self::Any(_) | Self::Tags | Self::Rights | Self::Groups | Self::Bundles | Self::People => true,
            Self::Line { .. }
            | Self::Pattern
            | Self::Key
            | Self::Span
            | Self::Number { .. }
            | Self::Time
            | Self::Zone
            | Self::Yes
            | Self::One(_)
            | Self::Group => false,
        }
    }

    /// The words one chooses from; none where one writes oneself.
    pub fn words(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::One(words) | Self::Any(words) => words(),
            Self::Line { .. }
            | Self::Pattern
            | Self::Key
            | Self::Span
            | Self::Number { .. }
            | Self::Time
            | Self::Zone
            | Self::Yes
            | Self::Tags
            | Self::Rights
            | Self::Group
            | Self::Groups
            | Self::Bundles
            | Self::People => Vec::new(),
        }
    }
}

impl Form {
    /// The name of a field in the whole form: `justification.at_least`.
    pub fn path(&self, field: &Field) -> String {
        if field.name.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.key, field.name) }
    }
}
