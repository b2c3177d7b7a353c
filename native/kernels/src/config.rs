use crate::fault::Fault;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

/// What a kernel is made from: its parameters and the columns that cross, as the adapter in `native/kernel.ts` writes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub params: serde_json::Value,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
}

/// A port and its columns that cross, in the order in which they cross.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub name: String,
    pub columns: Vec<ColumnSpec>,
    /// Of an output: its first column names rows of the pushed batch.
    #[serde(default)]
    pub rows: bool,
    /// Of an output: the output that its rows leave on, between that one's own.
    #[serde(default)]
    pub with: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
}

/// How the values of a column lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Float64.
    F64,
    /// Int64 and Timestamp (ns since 1970 UTC).
    I64,
    /// Int32.
    I32,
    /// Bool, one bit a row.
    Bool,
    /// Utf8 and Binary.
    Bytes,
    /// Dictionary(Int32, Utf8).
    Word,
}

impl Config {
    pub fn from_json(json: &str) -> Result<Self, Fault> {
        serde_json::from_str(json).map_err(|error| Fault::new("kernel-config", error.to_string()))
    }

    /// The parameters as the kernel's own type.
    pub fn params<P: DeserializeOwned>(&self) -> Result<P, Fault> {
        P::deserialize(&self.params).map_err(|error| Fault::new("kernel-config", error.to_string()))
    }

    /// Index of an input port.
    pub fn input(&self, name: &str) -> Result<usize, Fault> {
        position(&self.inputs, name)
    }

    /// Index of an output port.
    pub fn output(&self, name: &str) -> Result<usize, Fault> {
        position(&self.outputs, name)
    }
}

fn position(ports: &[Port], name: &str) -> Result<usize, Fault> {
    ports.iter().position(|port| port.name == name).ok_or_else(|| Fault::new("kernel-config", format!("there is no port \"{name}\"")))
}

impl Port {
    /// Whether its first column names rows of the pushed batch.
    pub fn names_rows(&self) -> bool {
        self.rows
    }

    /// The output that its rows leave on.
    pub fn stream(&self) -> &str {
        self.with.as_deref().unwrap_or(&self.name)
    }

    /// Index of a column of the given kind.
    pub fn column(&self, name: &str, kind: Kind) -> Result<usize, Fault> {
        let index =
            self.find(name).ok_or_else(|| Fault::new("kernel-config", format!("port \"{}\" has no column \"{name}\"", self.name)))?;
        if self.columns[index].kind != kind {
            let found = self.columns[index].kind;
            return Err(Fault::new("kernel-config", format!("column \"{name}\" of port \"{}\" is {found:?}, not {kind:?}", self.name)));
        }
        Ok(index)
    }

    /// Index of a column, where there is one.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// `#[serde(deserialize_with = "ns")]`: an int64 written as a decimal string, since JSON numbers are doubles in JavaScript.
pub fn ns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("\"{text}\" is not an int64")))
}
