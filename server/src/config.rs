//! Every setting of the portal, its default and its check. Settings come from a TOML file, then from the environment, then from the
//! command line; a wrong one is told in a sentence that says where it stands, what is wrong and what would be right.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::Scheme;
use domain::minutes::Minutes;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Empty, Map, Num, Value};
use figment::{Figment, Metadata, Profile, Provider};
use ipnet::IpNet;
use operations::{RelyingParty, SecretsKey};
use tracing_subscriber::EnvFilter;

/// The file that is read when none is named, if it is there.
pub const FILE: &str = "sallyport.toml";

const PREFIX: &str = "SALLYPORT_";
const SECRET: &str = "SALLYPORT_SECRET_";
// What else begins with our prefix: where the settings file lies, and the clusters of our own tests.
const NOT_SETTINGS: [&str; 2] = ["SALLYPORT_CONFIG", "SALLYPORT_TEST_"];

const KEYS: [&str; 12] = [
    "listen",
    "database",
    "public_url",
    "trusted_proxies",
    "session_idle",
    "session_absolute",
    "approval_lapse",
    "hashing_at_once",
    "log_format",
    "log_level",
    "secrets",
    "secrets_key",
];

/// The settings, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the portal keeps what it remembers: `sqlite://file` or `postgres://…`.
    pub database: DatabaseUrl,
    /// How people reach the portal, when that is not simply the address they typed.
    pub public_url: Option<Origin>,
    /// The proxies whose word on a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a session may be unused.
    pub session_idle: Minutes,
    /// How long a session may last.
    pub session_absolute: Minutes,
    /// How long an approval waits for the access to be there.
    pub approval_lapse: Minutes,
    /// How many passwords are hashed at once; each takes 19 MiB while it lasts.
    pub hashing_at_once: usize,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is logged, as `tracing` filters it.
    pub log_level: String,
    /// The connectors' secrets.
    pub secrets: Secrets,
    /// The key under which the secrets of authenticator apps are kept; without one there are no one-time codes.
    pub secrets_key: Option<SecretsKey>,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The address of a database; what it shows of itself leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// Scheme and host of the portal, as a browser's `Origin` header says them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The connectors' secrets by name. Never shown.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

/// What the command line sets above file and environment.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The settings file.
    pub config: Option<PathBuf>,
    /// Where to listen.
    pub listen: Option<String>,
    /// Which database.
    pub database: Option<String>,
}

/// A setting that cannot be used, in one sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongSetting(String);

impl Settings {
    /// Reads and checks the settings; `environment` is what the process was started with.
    pub fn read(flags: &Flags, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, WrongSetting> {
        let environment = Environment(environment.into_iter().collect());
        let file = file(flags, &environment)?;
        let found = Found { figment: file.merge(&environment).merge(CommandLine(flags)) };
        found.only_known_keys(&environment)?;

        let settings = Self {
            listen: found.one("listen", "127.0.0.1:8080", address)?,
            database: found.one("database", "sqlite://sallyport.db", DatabaseUrl::parse)?,
            public_url: found.maybe("public_url", Origin::parse)?,
            trusted_proxies: found.many("trusted_proxies", network)?,
            session_idle: found.one("session_idle", "1h", minutes)?,
            session_absolute: found.one("session_absolute", "12h", minutes)?,
            approval_lapse: found.one("approval_lapse", "24h", minutes)?,
            hashing_at_once: found.one("hashing_at_once", "2", at_once)?,
            log_format: found.one("log_format", "text", LogFormat::parse)?,
            log_level: found.one("log_level", "info", level)?,
            secrets: found.secrets(&environment)?,
            secrets_key: found.maybe("secrets_key", key)?,
        };
        if settings.session_idle > settings.session_absolute {
            return Err(WrongSetting(format!(
                "`session_idle` is {} and `session_absolute` is {}: a session cannot be unused for longer than it may last",
                settings.session_idle, settings.session_absolute,
            )));
        }
        Ok(settings)
    }

    /// Whether people come by TLS, so that browsers may be told to insist on it.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_https)
    }

    /// How people reach the portal, as far as we know.
    pub fn url(&self) -> String {
        match &self.public_url {
            Some(origin) => origin.as_str().to_owned(),
            // A browser gives passkeys to a name, never to a number.
            None if self.listen.ip() == Ipv4Addr::LOCALHOST => format!("http://localhost:{}", self.listen.port()),
            None => format!("http://{}", self.listen),
        }
    }

    /// For whom passkeys are made: the name people reach the portal by; nothing where they reach it by a number.
    pub fn relying_party(&self) -> Option<RelyingParty> {
        let origin = self.url();
        let uri: Uri = origin.parse().ok()?;
        let id = uri.host()?.to_owned();
        id.trim_matches(['[', ']']).parse::<IpAddr>().is_err().then_some(RelyingParty { id, origin })
    }
}

fn file(flags: &Flags, environment: &Environment) -> Result<Figment, WrongSetting> {
    let named = flags.config.clone().or_else(|| environment.0.get("SALLYPORT_CONFIG").map(PathBuf::from));
    let path = match named {
        Some(path) if !path.is_file() => {
            return Err(WrongSetting(format!(
                "there is no settings file at `{}`: name one that exists, or leave `--config` out",
                path.display(),
            )));
        }
        Some(path) => path,
        None => PathBuf::from(FILE),
    };
    let figment = Figment::from(Toml::file(&path));
    // Figment reads lazily: a file that is no TOML would only be noticed at the first value.
    match figment.extract::<Dict>() {
        Ok(_) => Ok(figment),
        Err(wrong) => Err(WrongSetting(format!(
            "{} cannot be read: {}",
            path.display(),
            wrong.kind.to_string().trim().replace('\n', ", "),
        ))),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "is not an address to listen on: write an IP address and a port, like 127.0.0.1:8080".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "is not a network: write it like 10.0.0.0/8 or 10.1.2.3".to_owned())
}

fn minutes(text: &str) -> Result<Minutes, String> {
    text.parse().map_err(|_| "is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days".to_owned())
}

fn key(text: &str) -> Result<SecretsKey, String> {
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(SecretsKey::new).ok_or_else(|| {
        "is not a key: write 64 hexadecimal digits, as `openssl rand -hex 32` draws them, and keep them safe".to_owned()
    })
}

fn at_once(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=64) => Ok(number),
        Ok(_) | Err(_) => Err("is not a number from 1 to 64".to_owned()),
    }
}

fn level(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a log level: write error, warn, info, debug or trace, or one for each part, like info,operations=debug".to_owned()),
    }
}

impl LogFormat {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("is not a log format: write text or json".to_owned()),
        }
    }
}

impl DatabaseUrl {
    /// Checks that it is one of the two kinds that the portal can live on.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = ["sqlite://", "postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        if known {
            Ok(Self(text.to_owned()))
        } else {
            Err("is not a database: write sqlite://FILE or postgres://USER@HOST/DATABASE".to_owned())
        }
    }

    /// The address, password and all.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a server that several replicas share.
    pub fn is_postgres(&self) -> bool {
        self.file().is_none()
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&str> {
        self.0.strip_prefix("sqlite://").map(without_query)
    }
}

impl FromStr for DatabaseUrl {
    type Err = WrongSetting;

    fn from_str(text: &str) -> Result<Self, WrongSetting> {
        Self::parse(text).map_err(|why| WrongSetting(format!("`database` {why}")))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        match rest.rsplit_once('@') {
            // The `?` may stand in a password, and so may the `@` after one.
            Some((hidden, _)) if hidden.contains('?') => write!(f, "{scheme}://…"),
            Some((_, host)) => write!(f, "{scheme}://…@{}", without_query(host)),
            None => write!(f, "{scheme}://{}", without_query(rest)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

impl Origin {
    fn parse(text: &str) -> Result<Self, String> {
        const RIGHT: &str = "write scheme and host, like https://access.example.com";
        let uri: Uri = text.parse().map_err(|_| format!("is not a web address: {RIGHT}"))?;
        let (Some(scheme), Some(host)) = (uri.scheme(), uri.authority()) else {
            return Err(format!("is not a whole web address: {RIGHT}"));
        };
        if uri.path() != "/" || uri.query().is_some() || host.as_str().contains('@') {
            return Err(format!("says more than where the portal is: {RIGHT}"));
        }
        if *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_this_machine(host.host())) {
            Ok(Self(format!("{scheme}://{host}").to_ascii_lowercase()))
        } else {
            // The session's cookie is `Secure`: over plain http nobody could stay signed in.
            Err("must begin with https://, as browsers keep the session's cookie only there: put the portal behind TLS"
                .to_owned())
        }
    }

    /// As a browser says it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only browsers on this machine get there by it.
    pub fn is_local(&self) -> bool {
        self.0.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_this_machine))
    }

    /// Whether it is TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Secrets {
    /// The secret that a system's settings name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&env_name(name)).map(String::as_str)
    }

    /// All of them under every name that a system's settings may give: the environment says `ORDERS_DB` for `orders-db`, `orders_db` and
    /// `orders.db` alike.
    pub fn by_name(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .flat_map(|(name, secret)| {
                let said = ["-", "_", "."].map(|between| name.to_ascii_lowercase().replace('_', between));
                said.into_iter().chain([name.clone()]).map(move |name| (name, secret.clone()))
            })
            .collect()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// How a secret is called in the environment: `orders-db` is `ORDERS_DB`.
fn env_name(name: &str) -> String {
    name.to_ascii_uppercase().replace(['-', '.'], "_")
}

/// All settings that were found, and where.
struct Found {
    figment: Figment,
}

impl Found {
    fn only_known_keys(&self, environment: &Environment) -> Result<(), WrongSetting> {
        let found: Dict = self.figment.extract().map_err(|wrong| WrongSetting(wrong.to_string()))?;
        let Some(unknown) = found.keys().find(|key| !KEYS.contains(&key.as_str())) else {
            return Ok(());
        };
        let place = match environment.variable(unknown) {
            Some(variable) => format!("the environment (`{variable}`)"),
            None => self.place(unknown),
        };
        Err(WrongSetting(format!("`{unknown}` in {place} is not a setting: there are {}", KEYS.join(", "))))
    }

    fn one<T>(&self, key: &str, default: &str, check: impl Fn(&str) -> Result<T, String>) -> Result<T, WrongSetting> {
        let text = self.text(key)?;
        self.check(key, text.as_deref().unwrap_or(default), check)
    }

    fn maybe<T>(&self, key: &str, check: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, WrongSetting> {
        self.text(key)?.map(|text| self.check(key, &text, check)).transpose()
    }

    fn many<T>(&self, key: &str, check: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, WrongSetting> {
        let texts = match self.figment.find_value(key) {
            Err(_) => Vec::new(),
            Ok(Value::Array(_, values)) => values.iter().filter_map(as_text).collect(),
            Ok(value) => as_text(&value)
                .unwrap_or_default()
                .split(',')
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
                .collect(),
        };
        texts.iter().map(|text| self.check(key, text, &check)).collect()
    }

    fn secrets(&self, environment: &Environment) -> Result<Secrets, WrongSetting> {
        let mut secrets = BTreeMap::new();
        match self.figment.find_value("secrets") {
            Err(_) => {}
            Ok(Value::Dict(_, files)) => {
                for (name, value) in files {
                    let path = as_text(&value).unwrap_or_default();
                    let secret = fs::read_to_string(&path).map_err(|error| {
                        WrongSetting(format!(
                            "the secret `{name}` cannot be read from `{path}` ({error}): name a file that the portal may read",
                        ))
                    })?;
                    secrets.insert(env_name(&name), secret.trim_end_matches(['\r', '\n']).to_owned());
                }
            }
            Ok(_) => {
                return Err(WrongSetting(format!(
                    "`secrets` in {} is not a table: name a file for each secret, like orders-db = \"/run/secrets/orders-db\"",
                    self.place("secrets"),
                )));
            }
        }
        secrets.extend(environment.secrets());
        if let Some(empty) = secrets.iter().find(|(_, secret)| secret.is_empty()) {
            return Err(WrongSetting(format!(
                "the secret `{}` is empty: leave it out, or say what it is",
                empty.0.to_ascii_lowercase(),
            )));
        }
        Ok(Secrets(secrets))
    }

    fn text(&self, key: &str) -> Result<Option<String>, WrongSetting> {
        let Ok(value) = self.figment.find_value(key) else {
            return Ok(None);
        };
        as_text(&value).map(Some).ok_or_else(|| {
            WrongSetting(format!("`{key}` in {} is not one text: write it like {key} = \"…\"", self.place(key)))
        })
    }

    fn check<T>(&self, key: &str, text: &str, check: impl Fn(&str) -> Result<T, String>) -> Result<T, WrongSetting> {
        check(text).map_err(|why| {
            // A password must not reach a log because its address was mistyped.
            let shown = if key == "database" && text.contains('@') { "what it says" } else { text };
            WrongSetting(format!("`{key}` in {}: `{shown}` {why}", self.place(key)))
        })
    }

    fn place(&self, key: &str) -> String {
        let metadata = self.figment.find_metadata(key);
        match metadata.and_then(|metadata| metadata.source.as_ref()) {
            Some(source) => {
                source.file_path().map_or_else(|| source.to_string(), |path| short(path).display().to_string())
            }
            None => metadata.map_or_else(|| "the defaults".to_owned(), |metadata| metadata.name.to_string()),
        }
    }
}

fn short(path: &Path) -> &Path {
    match std::env::current_dir() {
        Ok(here) => path.strip_prefix(here).unwrap_or(path),
        Err(_) => path,
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, letter) => Some(letter.to_string()),
        Value::Bool(_, truth) => Some(truth.to_string()),
        Value::Num(_, number) => Some(match number {
            Num::F32(real) => real.to_string(),
            Num::F64(real) => real.to_string(),
            whole => whole
                .to_i128()
                .map(|whole| whole.to_string())
                .or_else(|| whole.to_u128().map(|whole| whole.to_string()))?,
        }),
        Value::Empty(_, Empty::None | Empty::Unit) => Some(String::new()),
        Value::Dict(..) | Value::Array(..) => None,
    }
}

/// The variables that the process was started with. (Figment's own reader guesses at types and cannot be given others in a test.)
struct Environment(BTreeMap<String, String>);

impl Environment {
    fn settings(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter().filter(|(name, _)| {
            name.starts_with(PREFIX)
                && !name.starts_with(SECRET)
                && !NOT_SETTINGS.iter().any(|other| name.starts_with(other))
        })
    }

    fn secrets(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().filter_map(|(name, value)| name.strip_prefix(SECRET).map(|name| (name.to_owned(), value.clone())))
    }

    fn variable(&self, key: &str) -> Option<&String> {
        self.settings().map(|(name, _)| name).find(|name| key_of(name) == key)
    }
}

fn key_of(variable: &str) -> String {
    variable.trim_start_matches(PREFIX).to_ascii_lowercase()
}

impl Provider for &Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        let dict = self.settings().map(|(name, value)| (key_of(name), Value::from(value.as_str()))).collect();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

/// What the command line says.
struct CommandLine<'a>(&'a Flags);

impl Provider for CommandLine<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("the command line")
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        let said = [("listen", &self.0.listen), ("database", &self.0.database)];
        let dict = said
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.as_deref()?))))
            .collect();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn settings(toml: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(toml.as_bytes()).expect("it can be written");
        let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(&flags, environment)
            .map_err(|wrong| wrong.to_string().replace(&file.path().display().to_string(), "FILE"))
    }

    #[test]
    fn without_a_word_it_is_a_local_portal_on_a_file() {
        let settings = settings("", &[("PATH", "/bin"), ("SALLYPORT_TEST_POSTGRES_15", "postgres://x")])
            .expect("defaults are right");
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.database.as_str(), "sqlite://sallyport.db");
        assert_eq!(settings.url(), "http://localhost:8080");
        assert_eq!((settings.session_idle, settings.session_absolute), (Minutes::hours(1), Minutes::hours(12)));
        assert_eq!(settings.approval_lapse, Minutes::hours(24));
        assert!(settings.trusted_proxies.is_empty());
        assert!(!settings.is_https());
    }

    #[test]
    fn the_environment_goes_above_the_file_and_the_command_line_above_both() {
        let toml =
            "listen = \"127.0.0.1:1\"\nsession_idle = \"20m\"\ntrusted_proxies = [\"10.0.0.0/8\", \"192.168.1.7\"]\n";
        let from_both = settings(toml, &[("SALLYPORT_LISTEN", "127.0.0.1:2")]).expect("both are right");
        assert_eq!(from_both.listen.port(), 2);
        assert_eq!(from_both.session_idle.get(), 20);
        assert_eq!(from_both.trusted_proxies.len(), 2);

        let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), ..Flags::default() };
        let variable = ("SALLYPORT_LISTEN".to_owned(), "127.0.0.1:2".to_owned());
        assert_eq!(Settings::read(&flags, [variable]).expect("right").listen.port(), 3);
    }

    #[test]
    fn each_wrong_value_is_told_in_a_sentence() {
        let wrong = [
            (
                "listen = 8080",
                "`listen` in FILE: `8080` is not an address to listen on: write an IP address and a port, like 127.0.0.1:8080",
            ),
            ("listen = [1]", "`listen` in FILE is not one text: write it like listen = \"…\""),
            (
                "database = \"mysql://x\"",
                "`database` in FILE: `mysql://x` is not a database: write sqlite://FILE or postgres://USER@HOST/DATABASE",
            ),
            (
                "database = \"postgras://u:pw@h/d\"",
                "`database` in FILE: `what it says` is not a database: write sqlite://FILE or postgres://USER@HOST/DATABASE",
            ),
            (
                "public_url = \"access\"",
                "`public_url` in FILE: `access` is not a whole web address: write scheme and host, like https://access.example.com",
            ),
            (
                "public_url = \"https://a.example/x\"",
                "`public_url` in FILE: `https://a.example/x` says more than where the portal is: write scheme and host, like https://access.example.com",
            ),
            (
                "public_url = \"http://a.example\"",
                "`public_url` in FILE: `http://a.example` must begin with https://, as browsers keep the session's cookie only there: put the portal behind TLS",
            ),
            (
                "trusted_proxies = [\"10.0.0.0/8\", \"ten\"]",
                "`trusted_proxies` in FILE: `ten` is not a network: write it like 10.0.0.0/8 or 10.1.2.3",
            ),
            (
                "session_idle = 60",
                "`session_idle` in FILE: `60` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days",
            ),
            (
                "session_idle = \"13h\"",
                "`session_idle` is 13 hours and `session_absolute` is 12 hours: a session cannot be unused for longer than it may last",
            ),
            ("hashing_at_once = 0", "`hashing_at_once` in FILE: `0` is not a number from 1 to 64"),
            ("log_format = \"xml\"", "`log_format` in FILE: `xml` is not a log format: write text or json"),
            (
                "listn = \"x\"",
                "`listn` in FILE is not a setting: there are listen, database, public_url, trusted_proxies, session_idle, session_absolute, approval_lapse, hashing_at_once, log_format, log_level, secrets, secrets_key",
            ),
            (
                "[secrets]\norders = \"/no/such/file\"",
                "the secret `orders` cannot be read from `/no/such/file` (No such file or directory (os error 2)): name a file that the portal may read",
            ),
            (
                "secrets = 1",
                "`secrets` in FILE is not a table: name a file for each secret, like orders-db = \"/run/secrets/orders-db\"",
            ),
        ];
        for (toml, says) in wrong {
            assert_eq!(settings(toml, &[]).expect_err(toml), says);
        }
        assert_eq!(
            settings("", &[("SALLYPORT_LOG_FORMAT", "xml")]).expect_err("xml"),
            "`log_format` in the environment: `xml` is not a log format: write text or json",
        );
        let unknown = settings("", &[("SALLYPORT_LISTN", "x")]).expect_err("unknown");
        assert!(unknown.starts_with("`listn` in the environment (`SALLYPORT_LISTN`) is not a setting"), "{unknown}");
        let broken = settings("listen = ", &[]).expect_err("no value");
        assert!(broken.starts_with("FILE cannot be read: "), "{broken}");
        assert!(!broken.contains('\n'), "{broken}");
    }

    #[test]
    fn secrets_come_from_files_and_the_environment_and_are_not_shown() {
        let mut secret = tempfile::NamedTempFile::new().expect("a temporary file");
        writeln!(secret, "postgres://from-a-file").expect("it can be written");
        let toml = format!("[secrets]\norders-db = \"{}\"\n", secret.path().display());
        let settings =
            settings(&toml, &[("SALLYPORT_SECRET_PAY_ROLL", "from-the-environment")]).expect("both are right");
        assert_eq!(settings.secrets.get("orders-db"), Some("postgres://from-a-file"));
        assert_eq!(settings.secrets.get("pay-roll"), Some("from-the-environment"));
        assert_eq!(settings.secrets.get("other"), None);
        let names = settings.secrets.by_name();
        assert_eq!(names.get("orders-db"), names.get("ORDERS_DB"));
        assert!(names.contains_key("pay-roll") && names.contains_key("pay.roll") && names.contains_key("pay_roll"));
        let shown = format!("{settings:?}");
        assert!(!shown.contains("from-"), "{shown}");
    }

    #[test]
    fn an_address_of_a_database_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://sally:p@ss@db.example:5432/portal?sslmode=require", "postgres://…@db.example:5432/portal"),
            ("postgres://u:p?w@h/d", "postgres://…"),
            ("postgres://u:p?w@h/d?user=u", "postgres://…"),
            ("postgres://u:p/w#x@h/d", "postgres://…@h/d"),
            ("postgres://h/d?password=pw", "postgres://h/d"),
            ("postgres://h/d?user=u&password=p@w", "postgres://…"),
            ("postgres://u@h/d?password=p@w", "postgres://…"),
            ("sqlite://sallyport.db?mode=rwc", "sqlite://sallyport.db"),
        ] {
            let url = DatabaseUrl::parse(url).expect("it is one");
            assert_eq!(format!("{url} {url:?}"), format!("{shown} {shown}"));
        }
    }

    #[test]
    fn an_address_of_this_machine_is_told_from_others() {
        let is_local = |text| Origin::parse(text).expect("it is one").is_local();
        for here in ["http://localhost:8080", "http://127.0.0.1:1", "https://[::1]", "https://demo.localhost"] {
            assert!(is_local(here), "{here}");
        }
        for elsewhere in ["https://access.example", "https://192.0.2.7", "https://localhost.example"] {
            assert!(!is_local(elsewhere), "{elsewhere}");
        }
    }
}
